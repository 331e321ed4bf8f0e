"""The optimizer of a training and its learning rate. Imports Keras."""

from __future__ import annotations

from typing import Any

import keras

from mnist_core.training.config import Settings

__all__ = ["new_optimizer"]

# Share of the training in which the learning rate rises, and weight decay (Loshchilov and Hutter,
# "Decoupled Weight Decay Regularization", ICLR 2019).
_WARM_UP, _WEIGHT_DECAY = 0.03, 0.02
_MOMENTUM = 0.9


def new_optimizer(settings: Settings, steps: int) -> keras.optimizers.Optimizer:
    """Make the optimizer of a training with this number of steps per epoch."""
    rate: Any = settings.learning_rate
    total = steps * settings.epochs
    if settings.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, total)
    elif settings.schedule == "warm-up":
        rising = round(_WARM_UP * total)
        rate = keras.optimizers.schedules.CosineDecay(
            0.0, total - rising, warmup_target=rate, warmup_steps=rising
        )
    if settings.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=_MOMENTUM, nesterov=True)
    if settings.optimizer == "adam":
        return keras.optimizers.Adam(rate)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=_WEIGHT_DECAY)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer
