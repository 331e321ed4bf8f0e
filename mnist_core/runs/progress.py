"""How a training goes, made of what it reported: curves, share done, time left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mnist_core.training.events import BatchEnd, Done, EpochEnd, Message, TrainingEvent

__all__ = ["Progress", "follow"]

Point = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a training is.

    Attributes:
        text: what it does, for people.
        share: of its epochs that is done, 0 to 1.
        training: (epochs so far, loss, accuracy), accuracy 0 to 1, as the epochs go.
        held_out: the same at the end of each epoch, on the images held out.
        images_per_second: its last speed; 0 before the first batches.
        seconds_left: until the last epoch it may make has ended; None as long as nobody can tell.
    """

    text: str
    share: float
    training: list[Point]
    held_out: list[Point]
    images_per_second: float
    seconds_left: float | None


def follow(events: Iterable[TrainingEvent], batch_size: int = 0) -> Progress:
    """Where a training is after such events; a resumed one has told some of its epochs twice.

    Args:
        events: oldest first; may be empty.
        batch_size: images per step, so that the time left is known before the first epoch's end.
    """
    text, share, speed = "Starting", 0.0, 0.0
    training: list[Point] = []
    held_out: list[Point] = []
    epochs_took: list[float] = []
    place, epochs, batches = 0.0, 0, 0
    for event in events:
        match event:
            case Message():
                text = event.text
            case BatchEnd():
                place, epochs = event.epoch - 1 + event.batch / event.batches, event.epochs
                speed, batches = event.images_per_second or speed, event.batches
                # What was told of this place before came of an epoch that was cut off.
                while training and training[-1][0] >= place:
                    training.pop()
                while held_out and held_out[-1][0] >= event.epoch:
                    held_out.pop()
                training.append((place, event.loss, event.accuracy))
                text = (
                    f"Epoch {event.epoch} of at most {event.epochs}: accuracy "
                    f"{event.accuracy:.1%}, loss {event.loss:.3f}"
                )
            case EpochEnd():
                place, epochs = float(event.epoch), event.epochs
                held_out.append((place, event.val_loss, event.val_accuracy))
                epochs_took.append(event.seconds)
            case Done():
                text, place = "Saved", float(epochs)
    if epochs:
        share = min(1.0, place / epochs)
    left = None
    if epochs_took:
        # The last ones: the machine may have become busier, or have been another one.
        recent = sorted(epochs_took[-3:])
        left = max(0.0, epochs - place) * recent[len(recent) // 2]
    elif speed and batch_size:
        left = max(0.0, epochs - place) * batches * batch_size / speed
    return Progress(
        text=text,
        share=share,
        training=training,
        held_out=held_out,
        images_per_second=speed,
        seconds_left=left,
    )
