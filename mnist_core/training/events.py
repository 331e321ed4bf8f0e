"""Events that a training reports, their JSON form, and the hooks that receive them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from mnist_core.registry.card import ModelCard
from mnist_core.training.checkpoints import Checkpoints

__all__ = [
    "BatchEnd",
    "Done",
    "EpochEnd",
    "Hooks",
    "Message",
    "OnEvent",
    "TrainingEvent",
    "event_from_json",
    "event_to_json",
]


@dataclass(frozen=True, kw_only=True)
class Message:
    """A line of progress for the user."""

    text: str


@dataclass(frozen=True, kw_only=True)
class BatchEnd:
    """Progress within an epoch; loss, accuracy (0 to 1) and speed are means over it so far.

    The learning rate is that of the next step; 0 if unknown.
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
    """The end of an epoch; accuracies are 0 to 1, `val_` values those of the validation images.

    The speed is that of the training alone; `seconds` includes the validation. The learning rate
    is that of the next step; 0 if unknown.
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


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """How a caller follows, stops and saves a training.

    Attributes:
        on_event: called with each event, in the training's thread.
        stopping: called after each step, or each group of steps that run at once; True ends the
            training, and discards the incomplete epoch.
        checkpoints: where the training is saved after each epoch, and resumed from.
    """

    on_event: OnEvent = lambda event: None
    stopping: Callable[[], bool] = lambda: False
    checkpoints: Checkpoints = field(default_factory=lambda: Checkpoints(None, {}))


_KINDS = {"message": Message, "batch": BatchEnd, "epoch": EpochEnd, "done": Done}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def event_to_json(event: TrainingEvent) -> str:
    """Format an event as one line of JSON."""
    return json.dumps({"event": _NAMES[type(event)]} | dataclasses.asdict(event))


def _check_number(value: object) -> None:
    # NaN is the loss of a training that diverges. More than a float can hold cannot be drawn.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    float(value)


def event_from_json(line: str) -> TrainingEvent:
    """Parse a line that `event_to_json` wrote.

    Raises:
        ValueError: the line is not an event.
    """
    try:
        values = json.loads(line)
        kind = _KINDS[values.pop("event")]
        if kind is Done:
            values["card"] = ModelCard.from_json(values["card"])
        for field_ in dataclasses.fields(kind):
            if field_.type in ("int", "float") and field_.name in values:
                _check_number(values[field_.name])
        event: TrainingEvent = kind(**values)
    except Exception as error:  # a number too large, or nesting too deep
        raise ValueError(
            f"This is not a training event ({error!r:.200}). Received: {line!r:.200}"
        ) from error
    return event
