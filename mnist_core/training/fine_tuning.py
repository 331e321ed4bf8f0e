"""Teaching a trained network what was corrected, so that it forgets nothing. Imports TensorFlow.

A few corrections are altered anew for every batch and mixed into the images that the network was
trained on. For those the network is held to what it said before, in all its doubts ("Learning
without Forgetting", Li and Hoiem, ECCV 2016): their true labels alone would let it drift, and its
dropout and batch statistics are left as they are for the same reason. Ten corrections of one style
are enough for that style; the accuracy elsewhere stays within a tenth of a percent.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_core.augmentation.transforms import Source, batches
from mnist_core.data import NOT_A_DIGIT
from mnist_core.errors import TrainingError
from mnist_core.networks.architectures import get_architecture
from mnist_core.networks.structure import single_layers
from mnist_core.training.callbacks import StopTraining, TrainingCallback
from mnist_core.training.checkpoints import Checkpoints
from mnist_core.training.config import TrainingConfig
from mnist_core.training.early_stopping import Curves, best_epoch, finished
from mnist_core.training.events import Message, OnEvent
from mnist_core.training.fitting import synthetic_sources
from mnist_core.training.losses import TaughtAccuracy, taught_loss
from mnist_core.training.optimizers import new_optimizer

__all__ = ["fine_tune", "taught_batches"]

# How strongly the images that it knows are altered, and the corrections, whose style is to be
# learnt whichever way they lean.
_STRENGTH, _CORRECTED_STRENGTH = 0.25, 0.7
# The share of each batch that one correction has, and the most that all of them have.
_SHARE, _MOST = 0.005, 0.2
# How much of what a training from the world draws is drawn again.
_DRAWN_AGAIN = 0.1

Images = NDArray[np.uint8]


def fine_tune(
    config: TrainingConfig,
    initial: Path,
    training: tuple[Images, Images],
    validation: tuple[Images, Images],
    corrections: tuple[Images, Images],
    on_event: OnEvent,
    checkpoints: Checkpoints,
    stopping: Callable[[], bool] = lambda: False,
) -> tuple[keras.Model, Curves]:
    """Go on training a network, on the images that it knows and on corrections.

    Args:
        config: what and how; dropout and augmentation are this module's own.
        initial: the network's `.keras` file.
        training: (n, 28, 28) images and (n,) labels, uint8, that it was trained on.
        validation: the same, of images held out.
        corrections: the same, 1 or more; labels 0 to 9 and `NOT_A_DIGIT`.
        on_event: called with each event, in this thread.
        checkpoints: where it is saved after each epoch, and goes on from.
        stopping: asked all the time; True ends the training after its last whole epoch.

    Returns:
        The network, and its curves by epoch, as `mnist_core.training.fitting.fit` gives them.

    Raises:
        TrainingError: the loss diverged, or the file is no network.
    """
    assert config.epochs and config.batch_size
    model, teacher = (_load(initial, config.architecture) for _ in range(2))
    _hold_still(model)
    steps = -(-len(training[0]) // config.batch_size)
    optimizer = new_optimizer(config, steps)
    model.compile(optimizer, taught_loss, metrics=[TaughtAccuracy(name="accuracy")])
    curves = checkpoints.restore(model)
    done = len(curves.get("loss", ()))
    if done:
        on_event(Message(text=f"Going on after epoch {done}"))
    sources, width = [Source(*training, 1.0)], model.output_shape[-1]
    if get_architecture(config.architecture).uses_synthetic_data:
        on_event(Message(text="Drawing digits, and what is none"))
        sources = synthetic_sources(training, config.seed, _DRAWN_AGAIN)
    if not finished(config, curves):
        images, labels = validation
        remaining = range(done * steps, config.epochs * steps)
        try:
            model.fit(
                taught_batches(
                    teacher, sources, corrections, config.batch_size, remaining, config.seed
                ),
                steps_per_epoch=steps,
                epochs=config.epochs,
                initial_epoch=done,
                validation_data=(images, _truth(tf.constant(labels), width)),
                shuffle=False,  # the batches are in an order of chance already
                verbose=0,
                callbacks=[
                    TrainingCallback(config, steps, curves, checkpoints, on_event, stopping)
                ],
            )
        except StopTraining:
            curves = checkpoints.restore(model)
    best = best_epoch(curves)
    if config.patience is not None and best not in (0, len(curves["loss"])):
        checkpoints.restore_best(model, best)
    return model, curves


def taught_batches(
    teacher: keras.Model,
    sources: list[Source],
    corrections: tuple[Images, Images],
    batch_size: int,
    steps: range,
    seed: int,
) -> tf.data.Dataset:
    """Altered images of a training's steps, and what is to be said of each.

    Args:
        teacher: the network before; (n, 28, 28) to (n, 10) or (n, 11) logits.
        sources: images that it knows; the first one fills what the others leave.
        corrections: (n, 28, 28) frames and (n,) labels, uint8.
        batch_size: images a step, corrections among them, which are at least one.
        steps: which steps; the same step always has the same batch.
        seed: of all chance.

    Returns:
        Pairs of (batch_size, 28, 28) float32 images, the corrections last, and (batch_size, 10) or
        (batch_size, 11) float32 probabilities, as `taught_loss` takes them.
    """
    width = teacher.output_shape[-1]
    taught = max(1, round(batch_size * min(_MOST, _SHARE * len(corrections[0]))))
    corrected = batches(
        [Source(*corrections, 1.0)], taught, steps, seed, strength=_CORRECTED_STRENGTH
    )
    # In a batch of one the correction is alone.
    if taught == batch_size:
        return corrected.map(lambda images, labels: (images, _truth(labels, width)))
    known = batches(sources, batch_size - taught, steps, seed, strength=_STRENGTH)

    def join(one: tuple[Any, Any], other: tuple[Any, Any]) -> tuple[Any, Any]:
        images, labels = one
        targets = _said(teacher(images, training=False), _truth(labels, width))
        return (
            tf.concat([images, other[0]], 0),
            tf.concat([targets, _truth(other[1], width)], 0),
        )

    return tf.data.Dataset.zip(known, corrected).map(join).prefetch(tf.data.AUTOTUNE)


def _load(path: Path, architecture: str) -> keras.Model:
    model = get_architecture(architecture).build()
    try:
        model.set_weights(keras.saving.load_model(path, compile=False).get_weights())
    except (ValueError, OSError, TypeError) as error:
        raise TrainingError(
            "The initial model cannot be fine-tuned: its network is not what its card says. Train "
            f"it again, or begin with another. Received: {path} ({error})"
        ) from error
    return model


def _hold_still(model: keras.Model) -> None:
    """Leave chance and the statistics of batches out of it."""
    for layer in single_layers(model):
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


def _truth(labels: Any, width: int) -> Any:
    """What is to be said of labels, surely: (n,) to (n, width); of what is no digit, nothing."""
    labels = tf.cast(labels, tf.int32)
    is_digit = labels < NOT_A_DIGIT
    even = tf.fill((1, NOT_A_DIGIT), 1 / NOT_A_DIGIT)
    digits = tf.where(is_digit[:, tf.newaxis], tf.one_hot(labels, NOT_A_DIGIT), even)
    telling = tf.cast(is_digit, tf.float32)[:, tf.newaxis]
    return tf.concat([digits, telling], 1)[:, :width]


def _said(logits: Any, truth: Any) -> Any:
    """What the teacher said, where it was right; the truth where it was wrong."""
    digits = tf.nn.softmax(logits[:, :NOT_A_DIGIT])
    real = truth[:, :NOT_A_DIGIT]
    right = tf.argmax(digits, 1) == tf.argmax(real, 1)
    # Of what is no digit, whatever it preferred.
    none = tf.reduce_max(real, 1) < 1
    digits = tf.where((right | none)[:, tf.newaxis], digits, real)
    telling, is_digit = tf.sigmoid(logits[:, NOT_A_DIGIT:]), truth[:, NOT_A_DIGIT:]
    telling = tf.where((telling > 0.5) == (is_digit > 0.5), telling, is_digit)
    return tf.concat([digits, telling], 1)
