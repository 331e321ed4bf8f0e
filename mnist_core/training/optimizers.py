"""How a training goes downhill: the optimizer and its learning rate. Imports Keras."""

from __future__ import annotations

from typing import Any

import keras

from mnist_core.training.config import TrainingConfig

__all__ = ["new_optimizer"]

# Share of the training in which its learning rate rises, and the decay of weights (Loshchilov and
# Hutter, "Decoupled Weight Decay Regularization", ICLR 2019).
_WARM_UP, _WEIGHT_DECAY = 0.03, 0.02
_MOMENTUM = 0.9


def new_optimizer(config: TrainingConfig, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer of a training.

    Args:
        config: says which, and how its learning rate goes.
        steps: of an epoch, at least 1.
    """
    assert config.epochs
    rate: Any = config.learning_rate
    total = steps * config.epochs
    if config.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, total)
    elif config.schedule == "warm-up":
        rising = round(_WARM_UP * total)
        rate = keras.optimizers.schedules.CosineDecay(
            0.0, total - rising, warmup_target=rate, warmup_steps=rising
        )
    if config.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=_MOMENTUM, nesterov=True)
    if config.optimizer == "adam":
        return keras.optimizers.Adam(rate)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=_WEIGHT_DECAY)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer
