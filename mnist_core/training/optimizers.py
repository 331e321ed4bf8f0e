"""The optimizer of a training and its learning rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mnist_core.training.config import Settings

if TYPE_CHECKING:
    import keras

__all__ = ["MOMENTUM", "WARM_UP", "WEIGHT_DECAY", "new_optimizer"]

# Share of the training in which the learning rate rises, and weight decay (Loshchilov and Hutter,
# "Decoupled Weight Decay Regularization", ICLR 2019).
WARM_UP, WEIGHT_DECAY = 0.03, 0.02
MOMENTUM = 0.9


def new_optimizer(settings: Settings, steps: int) -> keras.optimizers.Optimizer:
    """Make the optimizer of a training with this number of steps per epoch; imports Keras."""
    import keras

    rate: Any = settings.learning_rate
    total = steps * settings.epochs
    if settings.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, total)
    elif settings.schedule == "warm-up":
        rising = round(WARM_UP * total)
        rate = keras.optimizers.schedules.CosineDecay(
            0.0, total - rising, warmup_target=rate, warmup_steps=rising
        )
    if settings.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=MOMENTUM, nesterov=True)
    if settings.optimizer == "adam":
        return keras.optimizers.Adam(rate)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer
