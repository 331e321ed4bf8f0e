"""What a training run reports while it goes, and how that travels between processes."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass

from mnist_core.registry.card import ModelCard

__all__ = [
    "BatchEnd",
    "Done",
    "EpochEnd",
    "Message",
    "OnEvent",
    "TrainingEvent",
    "event_from_json",
    "event_to_json",
]


@dataclass(frozen=True, kw_only=True)
class Message:
    """Something to tell the person who waits."""

    text: str


@dataclass(frozen=True, kw_only=True)
class BatchEnd:
    """Progress within an epoch; loss, accuracy (0 to 1) and speed are means over it so far.

    The learning rate is that of the next step; 0 where it was not told.
    """

    epoch: int
    epochs: int
    batch: int
    batches: int
    loss: float
    accuracy: float
    images_per_second: float = 0.0
    learning_rate: float = 0.0


@dataclass(frozen=True, kw_only=True)
class EpochEnd:
    """An epoch is over; accuracies are 0 to 1, `val_` those of the held-out images.

    The speed is that of the training alone; `seconds` are those of the whole epoch. The learning
    rate is that of the next step; 0 where it was not told.
    """

    epoch: int
    epochs: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float
    images_per_second: float = 0.0
    learning_rate: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Done:
    """The model is saved."""

    card: ModelCard


TrainingEvent = Message | BatchEnd | EpochEnd | Done
OnEvent = Callable[[TrainingEvent], None]

_KINDS = {"message": Message, "batch": BatchEnd, "epoch": EpochEnd, "done": Done}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def event_to_json(event: TrainingEvent) -> str:
    """One line of JSON for an event."""
    return json.dumps({"event": _NAMES[type(event)]} | dataclasses.asdict(event))


def event_from_json(line: str) -> TrainingEvent:
    """The event that `event_to_json` wrote.

    Raises:
        ValueError: the line is none.
    """
    try:
        values = json.loads(line)
        kind = _KINDS[values.pop("event")]
        if kind is Done:
            values["card"] = ModelCard.from_json(values["card"])
        event: TrainingEvent = kind(**values)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"This is no training event ({error!r}). Received: {line!r}") from error
    return event
