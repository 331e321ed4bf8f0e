"""The progress of a training, computed from its events: curves, fraction done, time left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median_high

from mnist_core.training.events import BatchEnd, Done, EpochEnd, Message, TrainingEvent

__all__ = ["Progress", "follow"]

Point = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a training is.

    Attributes:
        text: what the training does now, for the user.
        share: fraction of the epochs that is done, 0 to 1.
        training: (epochs so far, loss, accuracy), accuracy 0 to 1, in order.
        validation: the same for the validation images, one point per epoch.
        images_per_second: the latest speed; 0 before the first batches.
        seconds_left: until the last epoch ends, at most; None while unknown.
    """

    text: str
    share: float
    training: list[Point]
    validation: list[Point]
    images_per_second: float
    seconds_left: float | None


def follow(events: Iterable[TrainingEvent], batch_size: int = 0) -> Progress:
    """Return the progress after these events.

    A resumed training reports some epochs twice; the later report counts.

    Args:
        events: oldest first; may be empty.
        batch_size: images per step, to estimate the time left before the first epoch has ended.
    """
    text, speed = "Starting", 0.0
    training: list[Point] = []
    validation: list[Point] = []
    durations: list[float] = []
    position, epochs, batches = 0.0, 0, 0
    for event in events:
        match event:
            case Message():
                text = event.text
            case BatchEnd():
                position, epochs = event.epoch - 1 + event.batch / event.batches, event.epochs
                speed, batches = event.images_per_second or speed, event.batches
                # Later points belong to an epoch that was interrupted and is now repeated.
                while training and training[-1][0] >= position:
                    training.pop()
                while validation and validation[-1][0] >= event.epoch:
                    validation.pop()
                training.append((position, event.loss, event.accuracy))
                text = (
                    f"Epoch {event.epoch} of at most {event.epochs}: accuracy "
                    f"{event.accuracy:.1%}, loss {event.loss:.3f}"
                )
            case EpochEnd():
                position, epochs = float(event.epoch), event.epochs
                validation.append((position, event.val_loss, event.val_accuracy))
                durations.append(event.seconds)
            case Done():
                text, position = "Saved", float(epochs)
    epochs_left = max(0.0, epochs - position)
    seconds_left = None
    if durations:
        # Only recent epochs: the load of the machine, or the machine, may have changed.
        seconds_left = epochs_left * median_high(durations[-3:])
    elif speed and batch_size:
        seconds_left = epochs_left * batches * batch_size / speed
    return Progress(
        text=text,
        share=min(1.0, position / epochs) if epochs else 0.0,
        training=training,
        validation=validation,
        images_per_second=speed,
        seconds_left=seconds_left,
    )
