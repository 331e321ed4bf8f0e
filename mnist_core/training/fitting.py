"""Fitting a network to images: which images, in which order, and the loop. Imports TensorFlow."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_core.augmentation.outliers import synthesize_outliers
from mnist_core.augmentation.stroke_width import vary_stroke_width
from mnist_core.augmentation.synthetic_digits import synthesize_digits
from mnist_core.augmentation.transforms import Source, batches
from mnist_core.errors import TrainingError
from mnist_core.networks.architectures import Architecture, get_architecture
from mnist_core.networks.training_layers import training_form
from mnist_core.training.callbacks import StopTraining, TrainingCallback
from mnist_core.training.checkpoints import Checkpoints
from mnist_core.training.config import TrainingConfig
from mnist_core.training.early_stopping import Curves, best_epoch, finished
from mnist_core.training.events import Message, OnEvent
from mnist_core.training.losses import NOT_A_DIGIT, DigitAccuracy, digit_loss
from mnist_core.training.optimizers import new_optimizer

__all__ = [
    "augmented_batches",
    "build_compiled_model",
    "first_batch",
    "fit",
    "load_initial_weights",
    "shuffle_once",
    "synthetic_sources",
]

# Pictures made before a training from the world begins, and their share of every batch.
_REDRAWN, _DRAWN, _OUTLIERS = (40_000, 0.11), (80_000, 0.16), (60_000, 0.08)
# Images are altered at full strength for this share of the training, then less and less down to
# this strength, so that the network ends on digits as people write them.
_FULL_STRENGTH, _LAST_STRENGTH = 0.7, 0.4

Images = NDArray[np.uint8]


def fit(
    config: TrainingConfig,
    training: tuple[Images, Images],
    validation: tuple[Images, Images],
    on_event: OnEvent,
    checkpoints: Checkpoints,
    *,
    initial: Path | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> tuple[keras.Model, Curves]:
    """Train a network.

    Args:
        config: what and how.
        training: (n, 28, 28) images and (n,) labels, uint8.
        validation: the same, of images held out.
        on_event: called with each event, in this thread.
        checkpoints: where the training is saved after each epoch, and goes on from.
        initial: a `.keras` file of the same network, whose weights to begin with.
        stopping: asked all the time; True ends the training after its last whole epoch.

    Returns:
        The network, and its curves by epoch: "loss", "accuracy", "val_loss", "val_accuracy". Both
        are those of the last whole epoch if it was stopped; without one, the curves are empty.

    Raises:
        TrainingError: the loss diverged, or the initial weights are another network's.
        OSError: an epoch cannot be saved.
    """
    assert config.epochs and config.batch_size
    architecture = get_architecture(config.architecture)
    steps = -(-len(training[0]) // config.batch_size)
    model = build_compiled_model(architecture, config, steps)
    curves = checkpoints.restore(model)
    done = len(curves.get("loss", ()))
    if done:
        on_event(Message(text=f"Going on after epoch {done}"))
    elif initial:
        load_initial_weights(model, initial)
    if not finished(config, curves):
        reporter = TrainingCallback(config, steps, curves, checkpoints, on_event, stopping)
        arguments: dict[str, Any] = {}
        if architecture.uses_synthetic_data:
            on_event(Message(text="Drawing digits, and what is none"))
        if architecture.uses_synthetic_data or config.augmentation:
            arguments["steps_per_epoch"] = steps
            remaining = range(done * steps, config.epochs * steps)
            data = augmented_batches(architecture, config, training, remaining)
        else:
            arguments["validation_batch_size"] = config.batch_size
            data = _as_they_are(training, config.batch_size)
        try:
            model.fit(
                data,
                epochs=config.epochs,
                initial_epoch=done,
                validation_data=validation,
                shuffle=False,
                verbose=0,
                callbacks=[reporter],
                **arguments,
            )
        except StopTraining:
            curves = checkpoints.restore(model)
    best = best_epoch(curves)
    if config.patience is not None and best not in (0, len(curves["loss"])):
        checkpoints.restore_best(model, best)
    return model, curves


def first_batch(config: TrainingConfig, training: tuple[Images, Images], count: int) -> Images:
    """The first images that a training of these settings could see.

    Args:
        config: what is to be trained.
        training: (n, 28, 28) images and (n,) labels, uint8.
        count: how many images, at least 1.

    Returns:
        (count, 28, 28) uint8.
    """
    architecture = get_architecture(config.architecture)
    config = dataclasses.replace(config, batch_size=count)
    few = training[0][: 20 * count], training[1][: 20 * count]
    ((images, _),) = augmented_batches(architecture, config, few, range(1), pictures=0.002)
    return np.rint(images.numpy()).astype(np.uint8)


def build_compiled_model(
    architecture: Architecture, config: TrainingConfig, steps: int
) -> keras.Model:
    """A new network, ready to train: its loss, its optimizer, and its learning rate's way.

    Args:
        architecture: which network.
        config: of the training.
        steps: of an epoch, at least 1.
    """
    kept = keras.config.dtype_policy()
    if config.mixed_precision:
        # Processors have no fast float16, and bfloat16 needs no scaling of the loss.
        half = "float16" if tf.config.list_physical_devices("GPU") else "bfloat16"
        keras.config.set_dtype_policy(f"mixed_{half}")
    try:
        model = training_form(architecture.build(config.dropout))
    finally:
        keras.config.set_dtype_policy(kept)
    uses_synthetic_data = architecture.uses_synthetic_data
    model.compile(
        new_optimizer(config, steps),
        digit_loss
        if uses_synthetic_data
        else keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[DigitAccuracy(name="accuracy") if uses_synthetic_data else "accuracy"],
        steps_per_execution=architecture.steps_at_once,
    )
    return model


def load_initial_weights(model: keras.Model, initial: Path) -> None:
    """Give a network the weights of a `.keras` file.

    Raises:
        TrainingError: they are another network's.
    """
    try:
        model.set_weights(keras.saving.load_model(initial, compile=False).get_weights())
    except (ValueError, OSError) as error:
        raise TrainingError(
            "The initial weights do not fit this network. Choose a model of the same architecture. "
            f"Received: {initial} ({error})"
        ) from error


def _as_they_are(training: tuple[Images, Images], batch_size: int) -> tf.data.Dataset:
    """Batches of the images in one order, drawn by chance; every epoch has the same.

    It is the order, and so these are the weights, of Keras's own `fit` on arrays where the seed is
    set and operations are deterministic. The images lie in it already: a batch is one slice.
    """
    count = len(training[0])
    images, labels = shuffle_once(training)

    def batch(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        start = step * batch_size
        return images[start : start + batch_size], labels[start : start + batch_size]

    return (
        tf.data.Dataset.range(-(-count // batch_size))
        .map(batch, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        .prefetch(tf.data.AUTOTUNE)
    )


def shuffle_once(training: tuple[Images, Images]) -> tuple[tf.Tensor, tf.Tensor]:
    """The images and labels in an order that follows from Keras's seed alone."""
    count = len(training[0])
    (order,) = tf.data.Dataset.range(1).map(
        lambda _: tf.random.shuffle(tf.range(count, dtype=tf.int64))
    )
    with tf.device("CPU:0"):  # not over to a GPU and back
        images, labels = (tf.constant(values[order.numpy()]) for values in training)
    return images, labels


def augmented_batches(
    architecture: Architecture,
    config: TrainingConfig,
    training: tuple[Images, Images],
    steps: range,
    pictures: float = 1.0,
) -> tf.data.Dataset:
    """Batches of altered images for the given steps; `pictures` is the share of those drawn."""
    assert config.batch_size
    much: float = config.augmentation or 0.0
    if not architecture.uses_synthetic_data:
        source = Source(*training, 1.0)
        return batches([source], config.batch_size, steps, config.seed, strength=much)
    fading = _fading(steps.stop)
    return batches(
        synthetic_sources(training, config.seed, pictures),
        config.batch_size,
        steps,
        config.seed,
        strength=fading if much == 1 else lambda step: much * fading(step),
    )


def _fading(steps: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """How strongly the images of a step are altered."""

    def strength(step: tf.Tensor) -> tf.Tensor:
        left = (1 - tf.cast(step, tf.float32) / steps) / (1 - _FULL_STRENGTH)
        return _LAST_STRENGTH + (1 - _LAST_STRENGTH) * tf.minimum(left, 1.0)

    return strength


def synthetic_sources(
    training: tuple[Images, Images], seed: int, pictures: float = 1.0
) -> list[Source]:
    """MNIST as it is and with other pens, styles that it lacks, and what is no digit.

    Args:
        training: (n, 28, 28) images and (n,) labels, uint8.
        seed: of all chance.
        pictures: how many are made, as a share of those for a whole training.

    Returns:
        The sources for `batches`; MNIST's own images first.
    """
    images, labels = training
    random = np.random.default_rng(seed)
    (again, share), (drawn, drawn_share), (others, others_share) = (
        (max(1, round(number * pictures)), share) for number, share in (_REDRAWN, _DRAWN, _OUTLIERS)
    )
    chosen = random.permutation(len(images))[:again]
    digits = random.integers(0, 10, drawn).astype(np.uint8)
    return [
        Source(images, labels, 1 - share - drawn_share - others_share),
        Source(vary_stroke_width(images[chosen], random), labels[chosen], share),
        Source(synthesize_digits(digits, random), digits, drawn_share),
        Source(
            synthesize_outliers(others, random),
            np.full(others, NOT_A_DIGIT, np.uint8),
            others_share,
        ),
    ]
