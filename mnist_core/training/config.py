"""What a training is to be: every setting, checked, and filled in where the architecture knows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mnist_core.errors import TrainingError
from mnist_core.networks.architectures import get_architecture
from mnist_core.registry.card import check_name
from mnist_core.training.cpu import multiplies_bfloat16

__all__ = ["OPTIMIZERS", "SCHEDULES", "STRATEGIES", "TrainingConfig", "with_current_names"]

# Where a training computes: what `tf.distribute` calls a strategy.
STRATEGIES = {
    "default": "One device: the GPU that TensorFlow finds, or the processor",
    "mirrored": "All GPUs of this machine",
    "multiworker": "Several machines, which $TF_CONFIG names",
}

# What comes from the architecture unless it is said.
_SUITED = (
    "epochs",
    "batch_size",
    "learning_rate",
    "schedule",
    "optimizer",
    "augmentation",
    "target_accuracy",
)


# What suits a model that has learnt already, whichever network it is: once more over the images,
# gently.
_FINE_TUNING: dict[str, Any] = {
    "epochs": 1,
    "batch_size": 128,
    "learning_rate": 5e-4,
    "schedule": "cosine",
    "optimizer": "adam",
    "target_accuracy": None,
}

# Runs, cards and checkpoints on disk may have been written by an older version.
_OLD_NAMES = {"optimiser": "optimizer"}
OPTIMIZERS = {
    "adam": "Adam: a step size of its own for every weight",
    "adamw": "AdamW: Adam that also pulls the weights towards zero",
    "sgd": "SGD: plain descent with Nesterov's momentum",
}
SCHEDULES = {
    "constant": "Constant: the same learning rate to the end",
    "cosine": "Cosine: falls to zero along a cosine",
    "warm-up": "Warm-up: rises at first, then falls along a cosine",
}


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """What to train and how; whatever is None becomes what suits the architecture.

    Attributes:
        architecture: a key of `ARCHITECTURES`.
        name: the model's name in `models/`; None takes the architecture's, or the initial model's
            with "-tuned".
        epochs: at most so many passes over the training images, 1 to 1000.
        batch_size: images per step, 1 to 10000.
        learning_rate: the optimizer's, at the start (warm-up: at its highest), above 0 and at
            most 1.
        schedule: how the learning rate goes on from there, a key of `SCHEDULES`.
        optimizer: a key of `OPTIMIZERS`.
        dropout: share of units that are left out at each step, 0 to 0.9; None leaves the
            architecture's own shares.
        augmentation: how strongly the images are altered anew each time they are seen, 0 (not at
            all) to 1 (as the champion needs it).
        target_accuracy: stop after the epoch whose training accuracy reaches this, 0 to 1; 1.0
            practically never stops.
        patience: stop after so many epochs without a lower loss on the held-out images, 1 to 1000,
            and keep the weights of the best epoch; None never does.
        validation_fraction: share of the training images held out, 0.01 to 0.5.
        seed: of everything random, 0 to 2**32 - 1.
        mixed_precision: compute in 16 bits where that is safe; None does so where the architecture
            gains from it and the processor can (see `cpu`), but not when it begins
            with an initial model. GPUs are not asked: say True for a recent one.
        initial_model: a model of the same architecture whose weights to begin with; None begins
            with random ones.
        include_corrections: learn from the corrections that were kept, besides MNIST. An initial
            model is taught them so that it forgets nothing (see `mnist_core.training.fine_tuning`).
        overwrite: replace a model of that name.
        strategy: on how many devices or machines, a key of `STRATEGIES`. Each step's batch is cut
            into as many slices; what is learnt is the same but for rounding and chance.

    Raises:
        TrainingError: a value is out of its range.
    """

    architecture: str = "cnn"
    name: str | None = None
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    schedule: str | None = None
    optimizer: str | None = None
    dropout: float | None = None
    augmentation: float | None = None
    target_accuracy: float | None = None
    patience: int | None = None
    validation_fraction: float = 1 / 12
    seed: int = 1998
    mixed_precision: bool | None = None
    initial_model: str | None = None
    include_corrections: bool = False
    overwrite: bool = False
    strategy: str = "default"

    def __post_init__(self) -> None:
        architecture = get_architecture(self.architecture)
        tuned = self.initial_model is not None
        if tuned:
            check_name(self.initial_model)
        if self.name is None:
            name = f"{str(self.initial_model)[:34]}-tuned" if tuned else architecture.name
            object.__setattr__(self, "name", name)
        for field in _SUITED:
            if getattr(self, field) is None:
                suited = getattr(architecture, field)
                suited = _FINE_TUNING.get(field, suited) if tuned else suited
                object.__setattr__(self, field, suited)
        if self.mixed_precision is None:
            gains = architecture.gains_from_16_bits and not tuned
            object.__setattr__(self, "mixed_precision", gains and multiplies_bfloat16())
        check_name(self.name)
        _check("epochs", self.epochs, int, 1, 1000)
        _check("batch_size", self.batch_size, int, 1, 10_000)
        _check("learning_rate", self.learning_rate, (int, float), 1e-9, 1)
        _check_choice("schedule", self.schedule, SCHEDULES)
        _check_choice("optimizer", self.optimizer, OPTIMIZERS)
        if self.dropout is not None:
            _check("dropout", self.dropout, (int, float), 0, 0.9)
        _check("augmentation", self.augmentation, (int, float), 0, 1)
        if self.target_accuracy is not None:
            _check("target_accuracy", self.target_accuracy, (int, float), 0, 1)
        if self.patience is not None:
            _check("patience", self.patience, int, 1, 1000)
        _check("validation_fraction", self.validation_fraction, (int, float), 0.01, 0.5)
        _check("seed", self.seed, int, 0, 2**32 - 1)
        _check_choice("strategy", self.strategy, STRATEGIES)
        if self.strategy != "default" and self.include_corrections:
            raise TrainingError(
                "Corrections are learnt on one device, in minutes: they are in this machine's "
                "file. Leave out one of the two settings. Received: "
                f"strategy={self.strategy!r}, include_corrections=True"
            )
        for field in ("mixed_precision", "include_corrections", "overwrite"):
            if not isinstance(getattr(self, field), bool):
                raise TrainingError(
                    f"The setting '{field}' is True or False. Received: {getattr(self, field)!r}"
                )

    @classmethod
    def from_json(cls, values: Any) -> TrainingConfig:
        """The settings from what `dataclasses.asdict` and JSON made of them.

        Raises:
            TrainingError: they are none.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        if isinstance(values, Mapping):
            values = with_current_names(values)
        if not isinstance(values, Mapping) or not known >= set(values):
            raise TrainingError(
                "These are no settings of a training. They are a table of: "
                f"{', '.join(sorted(known))}. Received: {values!r:.200}"
            )
        return cls(**values)


def with_current_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as older versions saved them, under the names that they have now."""
    return {_OLD_NAMES.get(name, name): value for name, value in values.items()}


def _check(field: str, value: Any, kind: Any, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, kind) or not low <= value <= high:
        number = "a whole number" if kind is int else "a number"
        raise TrainingError(
            f"The setting '{field}' is {number} from {low:g} to {high:g}. Received: {value!r}"
        )


def _check_choice(field: str, value: Any, choices: Iterable[str]) -> None:
    if not isinstance(value, str) or value not in choices:
        raise TrainingError(
            f"The setting '{field}' is one of: {', '.join(choices)}. Received: {value!r}"
        )
