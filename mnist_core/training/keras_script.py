"""A training as a short Keras script that runs by itself, with TensorFlow and NumPy alone."""

from __future__ import annotations

from typing import Any

from mnist_core.errors import TrainingError
from mnist_core.networks.blocks.plan import plan_blocks
from mnist_core.training.config import Settings
from mnist_core.training.optimizers import MOMENTUM, WARM_UP, WEIGHT_DECAY

__all__ = ["keras_script"]

_DATA = '''\
"""Train {name} on MNIST, and test it.

    pip install tensorflow
    python {name}.py                  # downloads MNIST
    python {name}.py mnist.npz        # or reads Keras's file
"""

import sys

import keras
import numpy as np
from keras import layers

if len(sys.argv) > 1:
    with np.load(sys.argv[1]) as file:
        x_train, y_train = file["x_train"], file["y_train"]
        x_test, y_test = file["x_test"], file["y_test"]
else:
    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()

keras.utils.set_random_seed({seed})
order = np.random.default_rng({seed}).permutation(len(x_train))
validation, training = np.split(order, [round(len(x_train) * {fraction!r})])
'''
_NETWORK = """
{policy}# Grey levels, 0 to 255, in; a logit for each digit out.
model = keras.Sequential([
    keras.Input((28, 28), name="image"),
{layers}
])
model.summary()
"""
_TRAINING = """
{optimizer}
model.compile(
    optimizer,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
{callbacks}model.fit(
    x_train[training],
    y_train[training],
    batch_size={batch_size},
    epochs={epochs},
    validation_data=(x_train[validation], y_train[validation]),
    callbacks=[{names}],
)

# The test images are used once, at the end.
loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"MNIST test accuracy: {{accuracy:.2%}}")
model.save("{name}.keras")
"""
_STOPPING = '''

class StopAtTarget(keras.callbacks.Callback):
    """Stops after the epoch whose training accuracy reaches the target."""

    def on_epoch_end(self, epoch, logs):
        if logs["accuracy"] >= {target!r}:
            self.model.stop_training = True

'''


def keras_script(settings: Settings) -> str:
    """The training of a network of blocks as a Python script.

    It has the same network, validation images and settings. Its numbers differ by what is random:
    Keras shuffles the images in another order.

    Args:
        settings: of a network of blocks, from random weights, on MNIST's images as they are.

    Raises:
        TrainingError: a setting needs more than Keras.
    """
    _check(settings)
    seed, fraction = settings.seed, settings.validation_fraction
    script = _DATA.format(name=settings.name, seed=seed, fraction=fraction)
    if settings.training_images is not None:
        script += f"training = training[:{settings.training_images}]\n"
    script += _NETWORK.format(layers=_layers(settings), policy=_policy(settings))
    names = []
    if settings.target_accuracy is not None:
        script += _STOPPING.format(target=settings.target_accuracy)
        names.append("StopAtTarget()")
    callbacks = ""
    if settings.patience is not None:
        callbacks = (
            'best = keras.callbacks.EarlyStopping("val_loss", '
            f"patience={settings.patience}, restore_best_weights=True)\n"
        )
        names.append("best")
    return script + _TRAINING.format(
        name=settings.name,
        optimizer=_optimizer(settings),
        callbacks=callbacks,
        names=", ".join(names),
        batch_size=settings.batch_size,
        epochs=settings.epochs,
    )


def _check(settings: Settings) -> None:
    needs = {
        "a named network": settings.blocks is None,
        "augmentation": bool(settings.augmentation),
        "corrections": settings.include_corrections,
        "an initial model": settings.initial_model is not None,
        "several devices": settings.strategy != "default",
    }
    if found := [name for name, needed in needs.items() if needed]:
        raise TrainingError(
            "A script of Keras alone trains a network of blocks from random weights on MNIST's "
            f"images as they are. Change these settings. Received: {', '.join(found)}"
        )


def _layers(settings: Settings) -> str:
    plan = plan_blocks(settings.blocks or (), settings.dropout)
    return "\n".join(f"    layers.{_call(layer.kind, layer.arguments)}," for layer in plan.layers)


def _call(name: str, arguments: Any) -> str:
    return f"{name}({', '.join(f'{key}={_literal(value)}' for key, value in arguments.items())})"


def _literal(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _policy(settings: Settings) -> str:
    if not settings.mixed_precision:
        return ""
    return 'keras.config.set_dtype_policy("mixed_bfloat16")  # "mixed_float16" on a GPU\n'


def _optimizer(settings: Settings) -> str:
    """As `mnist_core.training.optimizers.new_optimizer` makes it."""
    lines = []
    rate = repr(settings.learning_rate)
    if settings.schedule != "constant":
        steps = f"-(-len(training) // {settings.batch_size}) * {settings.epochs}"
        lines.append(f"steps = {steps}")
        if settings.schedule == "cosine":
            decay = f"CosineDecay({rate}, steps)"
        else:
            lines.append(f"rising = round({WARM_UP} * steps)")
            decay = (
                f"CosineDecay(\n    0.0, steps - rising, warmup_target={rate}, "
                "warmup_steps=rising\n)"
            )
        lines.append(f"rate = keras.optimizers.schedules.{decay}")
        rate = "rate"
    optimizers = {
        "adam": f"Adam({rate})",
        "adamw": f"AdamW({rate}, weight_decay={WEIGHT_DECAY})",
        "sgd": f"SGD({rate}, momentum={MOMENTUM}, nesterov=True)",
    }
    lines.append(f"optimizer = keras.optimizers.{optimizers[settings.optimizer]}")
    if settings.optimizer == "adamw":
        excluded = 'var_names=["bias", "gamma", "beta"]'
        lines.append(f"optimizer.exclude_from_weight_decay({excluded})")
    return "\n".join(lines)
