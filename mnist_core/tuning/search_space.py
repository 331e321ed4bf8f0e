"""The search space: which values of a setting are tried. Imports Keras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras_tuner

from mnist_core.training.config import OPTIMIZERS, SCHEDULES
from mnist_core.tuning.config import TuningConfig

__all__ = ["FINGERPRINT", "describe_values", "search_space"]

# A constant among the values, by which a worker recognizes that the chief runs the same search.
FINGERPRINT = "search"
_BATCH_SIZES = (32, 64, 128, 256, 512)
# The first trial's dropout rate, where the architecture has several.
_DROPOUT = 0.3


def search_space(config: TuningConfig, fingerprint: str) -> Any:
    """Return KerasTuner's hyperparameters for a search; their defaults are the given settings."""
    base, space = config.base, keras_tuner.HyperParameters()
    space.Fixed(FINGERPRINT, fingerprint)
    for name in config.search:
        if name == "learning_rate":
            low, high = max(1e-9, base.learning_rate / 10), min(1.0, base.learning_rate * 10)
            space.Float(name, low, high, sampling="log", default=base.learning_rate)
        elif name == "batch_size":
            sizes = sorted({*_BATCH_SIZES, base.batch_size})
            space.Choice(name, sizes, default=base.batch_size)
        elif name == "dropout":
            default = _DROPOUT if base.dropout is None else base.dropout
            space.Float(name, 0.0, max(0.7, default), step=0.05, default=default)
        elif name == "augmentation":
            space.Float(name, 0.0, 1.0, step=0.1, default=base.augmentation)
        else:
            choices = OPTIMIZERS if name == "optimizer" else SCHEDULES
            space.Choice(name, list(choices), default=getattr(base, name), ordered=False)
    return space


def describe_values(values: Mapping[str, Any]) -> str:
    """Format the values of a trial for the user: "learning rate 0.001, dropout 0.3"."""
    return ", ".join(
        f"{name.replace('_', ' ')} " + (f"{value:.4g}" if isinstance(value, float) else str(value))
        for name, value in values.items()
    )
