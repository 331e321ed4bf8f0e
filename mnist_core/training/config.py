"""The settings of a training, their ranges and their defaults."""

from __future__ import annotations

import dataclasses
import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mnist_core.errors import (
    TrainingError,
    foreign_bytes,
    require_choice,
    require_int,
    require_number,
)
from mnist_core.networks.architectures import Architecture, get_architecture
from mnist_core.networks.blocks.block import BLOCKS, Block
from mnist_core.networks.blocks.file import parse_blocks
from mnist_core.networks.blocks.network import architecture_of
from mnist_core.networks.blocks.plan import check_blocks
from mnist_core.registry.card import ModelCard, check_name
from mnist_core.training.cpu import multiplies_bfloat16

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "STRATEGIES",
    "Settings",
    "TrainingConfig",
    "computes_in_16_bits",
    "network_of",
    "with_current_names",
]

# Strategies of `tf.distribute`.
STRATEGIES = {
    "default": "One device: a GPU if TensorFlow finds one, else the processor",
    "mirrored": "All GPUs of this machine",
    "multiworker": "Several machines, listed in $TF_CONFIG",
}
OPTIMIZERS = {
    "adam": "Adam: a separate step size for each weight",
    "adamw": "AdamW: Adam with weight decay",
    "sgd": "SGD: gradient descent with Nesterov momentum",
}
SCHEDULES = {
    "constant": "Constant: the same learning rate throughout",
    "cosine": "Cosine: decays to zero along a cosine",
    "warm-up": "Warm-up: rises first, then decays along a cosine",
}
_RANGES: dict[str, tuple[Callable[..., None], *tuple[Any, ...]]] = {
    "epochs": (require_int, 1, 1000),
    "batch_size": (require_int, 1, 10_000),
    "learning_rate": (require_number, 1e-9, 1),
    "schedule": (require_choice, SCHEDULES),
    "optimizer": (require_choice, OPTIMIZERS),
    "dropout": (require_number, 0, 0.9),
    "augmentation": (require_number, 0, 1),
    "target_accuracy": (require_number, 0, 1),
    "patience": (require_int, 1, 1000),
    "validation_fraction": (require_number, 0.01, 0.5),
    "training_images": (require_int, 10, 60_000),
    "initial_share": (require_number, 0, 1),
    "seed": (require_int, 0, 2**32 - 1),
    "strategy": (require_choice, STRATEGIES),
}
# What suits a trained model of any architecture: one more epoch at a low learning rate.
_FINE_TUNING: dict[str, Any] = {
    "epochs": 1,
    "batch_size": 128,
    "learning_rate": 5e-4,
    "schedule": "cosine",
    "optimizer": "adam",
    "target_accuracy": None,
}
# Names in runs, cards and checkpoints of older versions.
_OLD_NAMES = {"optimiser": "optimizer"}


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """What to train and how, as the user gave it; `resolved` replaces None by a default.

    Attributes:
        architecture: a key of `ARCHITECTURES`, or `BLOCKS`.
        name: the model's name in `models/`; default: the architecture's, or the initial model's
            with "-tuned".
        epochs: maximum number of passes over the training images, 1 to 1000.
        batch_size: images per step, 1 to 10000.
        learning_rate: the optimizer's, at the start (warm-up: at its highest), above 0 and at
            most 1.
        schedule: how the learning rate changes, a key of `SCHEDULES`.
        optimizer: a key of `OPTIMIZERS`.
        dropout: share of units that are dropped at each step, 0 to 0.9; None keeps the
            architecture's own shares.
        augmentation: strength of the random changes to each image, 0 (none) to 1 (as the champion
            needs it).
        target_accuracy: stop after the epoch whose training accuracy reaches this, 0 to 1; 1.0
            practically never stops.
        patience: stop after this number of epochs without a lower validation loss, 1 to 1000, and
            keep the weights of the best epoch; None never does.
        validation_fraction: share of the training images used for validation, 0.01 to 0.5.
        seed: of everything random, 0 to 2**32 - 1.
        mixed_precision: compute in 16 bits where that is safe; default: where the architecture
            gains from it and the processor supports it (see `cpu`), but not with an initial model.
            GPUs are not examined: pass True for a recent one.
        quantize: save the network for inference in 8 bits; default: where the architecture gains
            from it. The Keras network stays in 32 bits.
        initial_model: a model of the same architecture whose weights to begin with; None:
            random initialization.
        initial_share: share of the initial model's weights in the final ones, 0 to 1 (see
            `mnist_core.training.weight_averaging.mix`).
        include_corrections: learn from the stored corrections besides MNIST. An initial model is
            fine-tuned without forgetting (see `mnist_core.training.fine_tuning`).
        overwrite: replace a model of that name.
        strategy: the devices or machines, a key of `STRATEGIES`. Each batch is cut into one slice
            per device; the result is the same but for rounding and random state.
        training_images: learn from this number of the training images, 10 to 60000; None: all.
        blocks: of the architecture `BLOCKS`, what the network is built from, also in their JSON
            form; None for all others.

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
    quantize: bool | None = None
    initial_model: str | None = None
    initial_share: float = 0.0
    include_corrections: bool = False
    overwrite: bool = False
    strategy: str = "default"
    training_images: int | None = None
    blocks: tuple[Block, ...] | None = None

    def __post_init__(self) -> None:
        self._check_network()
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is None and field.default is None:
                continue
            if field.name in ("name", "initial_model"):
                check_name(value)
            elif field.name in _RANGES:
                require, *allowed = _RANGES[field.name]
                require(f"The setting {field.name!r}", value, *allowed, error=TrainingError)
            elif field.name not in ("architecture", "blocks") and not isinstance(value, bool):
                raise TrainingError(
                    f"The setting {field.name!r} must be True or False. Received: {value!r}"
                )
        if self.initial_share and self.initial_model is None:
            raise TrainingError(
                "Only a training that starts from a model's weights can keep a share of them. "
                "Name that model, or leave out the share. Received: "
                f"initial_share={self.initial_share}, initial_model=None"
            )
        if self.strategy != "default" and self.include_corrections:
            raise TrainingError(
                "Corrections can only be learned on one device, because they are in a file of this "
                "machine. Leave out one of the two settings. Received: "
                f"strategy={self.strategy!r}, include_corrections=True"
            )

    def _check_network(self) -> None:
        if (self.architecture == BLOCKS) != (self.blocks is not None):
            raise TrainingError(
                f"A network of blocks has the architecture {BLOCKS!r} and a list of blocks. Give "
                f"both, or none of them. Received: architecture={self.architecture!r}, "
                f"blocks={reprlib.repr(self.blocks)}"
            )
        if self.blocks is None:
            get_architecture(self.architecture)
            return
        object.__setattr__(self, "blocks", parse_blocks(self.blocks))
        check_blocks(self.blocks)

    @property
    def network(self) -> Architecture:
        """The architecture, which builds the network."""
        if self.blocks is None:
            return get_architecture(self.architecture)
        return architecture_of(self.blocks)

    def resolved(self) -> Settings:
        """The settings with a default for each value that was not given."""
        architecture = self.network
        values = dataclasses.asdict(self)
        defaults = {name: value for name, value in vars(architecture).items() if name in values}
        defaults["quantize"] = architecture.gains_from_8_bits
        defaults["mixed_precision"] = computes_in_16_bits(
            architecture, fine_tuned=self.initial_model is not None
        )
        if self.initial_model is not None:
            defaults |= _FINE_TUNING | {"name": f"{self.initial_model[:34]}-tuned"}
        given = {name: value for name, value in values.items() if value is not None}
        return Settings(**defaults | given)

    @classmethod
    def from_json(cls, values: Any) -> TrainingConfig:
        """Read the settings that `dataclasses.asdict` and JSON made of a config.

        Raises:
            TrainingError: they are not valid settings.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        if isinstance(values, Mapping):
            values = with_current_names(values)
        if not isinstance(values, Mapping) or not known >= set(values):
            raise TrainingError(
                "These are not the settings of a training. Pass a table of: "
                f"{', '.join(sorted(known))}. Received: {values!r:.200}"
            )
        with foreign_bytes(
            lambda error: TrainingError(f"These are not the settings of a training: {error!r:.200}")
        ):
            return cls(**values)


@dataclass(frozen=True, kw_only=True)
class Settings(TrainingConfig):
    """A complete training configuration, from `TrainingConfig.resolved`.

    Only values that may mean "none" can be None: dropout, target_accuracy, patience,
    initial_model, training_images, blocks. Runs and cards store these values, in the order of the
    fields.
    """

    name: str = dataclasses.field()
    epochs: int = dataclasses.field()
    batch_size: int = dataclasses.field()
    learning_rate: float = dataclasses.field()
    schedule: str = dataclasses.field()
    optimizer: str = dataclasses.field()
    augmentation: float = dataclasses.field()
    mixed_precision: bool = dataclasses.field()
    quantize: bool = dataclasses.field()


def computes_in_16_bits(architecture: Architecture, *, fine_tuned: bool) -> bool:
    """The default of mixed precision, on this processor."""
    return architecture.gains_from_16_bits and not fine_tuned and multiplies_bfloat16()


def network_of(card: ModelCard) -> dict[str, Any]:
    """The settings that name the network of a model, for a training that starts from it."""
    return {"architecture": card.architecture, "blocks": card.configuration.get("blocks")}


def with_current_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """Rename settings that older versions stored under other names."""
    return {_OLD_NAMES.get(name, name): value for name, value in values.items()}
