"""Fitting a network to images: the batches, their order, and the epochs. Imports TensorFlow."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_core.augmentation.transforms import Source, batches
from mnist_core.data import LabelledArrays
from mnist_core.errors import TrainingError
from mnist_core.networks.keras_files import load_network
from mnist_core.networks.training_layers import training_form
from mnist_core.training.callbacks import StopTraining, TrainingCallback
from mnist_core.training.config import Settings
from mnist_core.training.early_stopping import Curves, best_epoch, epochs_done, finished
from mnist_core.training.events import Hooks, Message
from mnist_core.training.inputs import TrainingData
from mnist_core.training.losses import DigitAccuracy, digit_loss
from mnist_core.training.optimizers import new_optimizer
from mnist_core.training.sources import synthetic_sources

__all__ = [
    "GENERATING",
    "augmented_batches",
    "build_compiled_model",
    "first_batch",
    "fit",
    "load_initial_weights",
    "restore_best",
    "resuming_after",
    "shuffle_once",
    "train_epochs",
]

GENERATING = Message(text="Generating synthetic digits and non-digits")
# Full augmentation for this share of the training, then linearly less down to this strength, so
# that the network ends on digits as people write them.
_FULL_STRENGTH, _LAST_STRENGTH = 0.7, 0.4
# Size of the synthetic data for a preview.
_PREVIEW_SIZE = 0.002


def fit(
    settings: Settings, data: TrainingData, hooks: Hooks, *, initial: Path | None = None
) -> tuple[keras.Model, Curves]:
    """Train a network, or resume its training.

    The weights begin with those of `initial`, a `.keras` file of the same network, if it is given.

    Returns:
        The network and its curves. Both are those of the last complete epoch if it was stopped;
        without one, the curves are empty. With a patience, the network is that of the best epoch.

    Raises:
        TrainingError: the loss diverged, or the initial weights do not fit.
        OSError: an epoch cannot be saved.
    """
    synthetic = settings.network.uses_synthetic_data
    augmented = synthetic or bool(settings.augmentation)
    model = build_compiled_model(settings, data.steps_per_epoch(settings))
    if initial:
        load_initial_weights(model, initial)

    def make_batches(remaining: range) -> tf.data.Dataset:
        if not augmented:
            return _unaugmented_batches(data.training, settings.batch_size)
        if synthetic:
            hooks.on_event(GENERATING)
        return augmented_batches(settings, data.training, remaining, data.synthetic_size)

    # Without augmentation the batches end with the epoch. A number of steps would be rounded up to
    # a multiple of `steps_per_execution`.
    options: dict[str, Any] = (
        {"steps_per_epoch": data.steps_per_epoch(settings)}
        if augmented
        else {"validation_batch_size": settings.batch_size}
    )
    return model, train_epochs(
        model, settings, data, hooks, make_batches, data.validation, **options
    )


def train_epochs(
    model: keras.Model,
    settings: Settings,
    data: TrainingData,
    hooks: Hooks,
    make_batches: Callable[[range], tf.data.Dataset],
    validation: tuple[Any, Any],
    *,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    **options: Any,
) -> Curves:
    """Train the remaining epochs of a compiled network, from its last checkpoint on.

    `make_batches` is called once with the remaining steps, if there are any; `options` are those of
    `keras.Model.fit`. Returns the curves of all epochs.
    """
    steps = data.steps_per_epoch(settings)
    curves = hooks.checkpoints.restore(model)
    done = epochs_done(curves)
    if done:
        hooks.on_event(resuming_after(done))
    if not finished(settings, curves):
        try:
            model.fit(
                make_batches(range(done * steps, settings.epochs * steps)),
                epochs=settings.epochs,
                initial_epoch=done,
                validation_data=validation,
                shuffle=False,  # the batches are shuffled already
                verbose=0,
                callbacks=[*callbacks, TrainingCallback(settings, steps, curves, hooks)],
                **options,
            )
        except StopTraining:
            curves = hooks.checkpoints.restore(model)
    restore_best(model, settings, hooks, curves)
    return curves


def resuming_after(epochs: int) -> Message:
    """The message of a resumed training."""
    return Message(text=f"Resuming after epoch {epochs}")


def restore_best(model: keras.Model, settings: Settings, hooks: Hooks, curves: Curves) -> None:
    """Restore the weights of the best epoch if the settings have a patience."""
    if settings.patience is not None and 0 < best_epoch(curves) < epochs_done(curves):
        hooks.checkpoints.restore_epoch(model, best_epoch(curves))


def first_batch(settings: Settings, training: LabelledArrays, count: int) -> NDArray[np.uint8]:
    """Images like those of a training's first batch, (count, 28, 28) uint8."""
    settings = dataclasses.replace(settings, batch_size=count)
    few = training.select(slice(20 * count))
    ((images, _),) = augmented_batches(settings, few, range(1), _PREVIEW_SIZE)
    return np.rint(images.numpy()).astype(np.uint8)


def build_compiled_model(settings: Settings, steps: int) -> keras.Model:
    """Build and compile a new network for a training with this number of steps per epoch."""
    architecture = settings.network
    policy = keras.config.dtype_policy()
    if settings.mixed_precision:
        # CPUs have no fast float16, and bfloat16 needs no loss scaling.
        half = "float16" if tf.config.list_physical_devices("GPU") else "bfloat16"
        keras.config.set_dtype_policy(f"mixed_{half}")
    try:
        model = training_form(architecture.build(settings.dropout))
    finally:
        keras.config.set_dtype_policy(policy)
    loss, metric = keras.losses.SparseCategoricalCrossentropy(from_logits=True), "accuracy"
    if architecture.uses_synthetic_data:
        loss, metric = digit_loss, DigitAccuracy(name="accuracy")
    model.compile(
        new_optimizer(settings, steps),
        loss,
        metrics=[metric],
        steps_per_execution=architecture.steps_at_once,
    )
    return model


def load_initial_weights(model: keras.Model, initial: Path) -> None:
    """Give a network the weights of a `.keras` file.

    Raises:
        ModelLoadError: the file cannot be read.
        TrainingError: it is another network's.
    """
    weights = load_network(initial).get_weights()
    try:
        model.set_weights(weights)
    except (ValueError, TypeError) as error:
        raise TrainingError(
            "The initial weights do not fit this network. Choose a model of the same architecture, "
            f"or train that model again. Received: {initial} ({error})"
        ) from error


def _unaugmented_batches(training: LabelledArrays, batch_size: int) -> tf.data.Dataset:
    """An epoch's batches, in one random order, which is the same in each epoch.

    The order, and so the weights, are those of Keras's own `fit` on arrays with a seed and
    deterministic operations. The images are shuffled beforehand, so that a batch is one slice.
    """
    count = len(training.labels)
    images, labels = shuffle_once(training)

    def batch(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        start = step * batch_size
        return images[start : start + batch_size], labels[start : start + batch_size]

    return (
        tf.data.Dataset.range(-(-count // batch_size))
        .map(batch, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        .prefetch(tf.data.AUTOTUNE)
    )


def shuffle_once(training: LabelledArrays) -> tuple[tf.Tensor, tf.Tensor]:
    """The images and labels in an order that depends on Keras's seed alone."""
    count = len(training.labels)
    (order,) = tf.data.Dataset.range(1).map(
        lambda _: tf.random.shuffle(tf.range(count, dtype=tf.int64))
    )
    with tf.device("CPU:0"):  # avoids a round trip to the GPU
        images, labels = (tf.constant(values[order.numpy()]) for values in training)
    return images, labels


def augmented_batches(
    settings: Settings, training: LabelledArrays, steps: range, synthetic_size: float
) -> tf.data.Dataset:
    """Batches of augmented images for the given steps; `synthetic_size` as of `TrainingData`."""
    sources = [Source(*training, 1.0)]
    strength: float | Callable[[tf.Tensor], tf.Tensor] = settings.augmentation
    if settings.network.uses_synthetic_data:
        sources = synthetic_sources(training, settings.seed, synthetic_size)
        strength = _falling_strength(settings.augmentation, steps.stop)
    return batches(sources, settings.batch_size, steps, settings.seed, strength=strength)


def _falling_strength(highest: float, steps: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """The strength of augmentation as a function of the step."""

    def strength(step: tf.Tensor) -> tf.Tensor:
        left = (1 - tf.cast(step, tf.float32) / steps) / (1 - _FULL_STRENGTH)
        return highest * (_LAST_STRENGTH + (1 - _LAST_STRENGTH) * tf.minimum(left, 1.0))

    return strength
