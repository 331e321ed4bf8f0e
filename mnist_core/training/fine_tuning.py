"""Fine-tuning a trained network on corrections without forgetting. Imports TensorFlow.

A few corrections are augmented for every batch and mixed into the images that the network was
trained on. For those, the targets are the network's earlier answers with all their uncertainty
("Learning without Forgetting", Li and Hoiem, ECCV 2016): with the true labels alone it would
drift. Dropout is off and batch statistics are frozen for the same reason. Ten corrections of one
style are enough to learn that style; the accuracy elsewhere stays within a tenth of a percent.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from mnist_core.augmentation.transforms import Source, batches
from mnist_core.data import NOT_A_DIGIT, LabelledArrays
from mnist_core.networks.structure import single_layers
from mnist_core.training.config import Settings
from mnist_core.training.early_stopping import Curves
from mnist_core.training.events import Hooks
from mnist_core.training.fitting import (
    GENERATING,
    load_initial_weights,
    train_epochs,
)
from mnist_core.training.inputs import TrainingData
from mnist_core.training.losses import DistillationAccuracy, distillation_loss
from mnist_core.training.optimizers import new_optimizer
from mnist_core.training.sources import synthetic_sources

__all__ = ["fine_tune", "fine_tuning_batches"]

# Strength of augmentation for known images, and for corrections, whose style has to be learned at
# any slant.
_STRENGTH, _CORRECTED_STRENGTH = 0.25, 0.7
# Share of each batch per correction, and the most for all of them.
_SHARE, _MOST = 0.005, 0.2
_SYNTHETIC_SIZE = 0.1


def fine_tune(
    settings: Settings,
    initial: Path,
    data: TrainingData,
    corrections: LabelledArrays,
    hooks: Hooks,
) -> tuple[keras.Model, Curves]:
    """Train the network of a `.keras` file further, on one or more corrections.

    The data are the images that it was trained on. The settings' dropout and augmentation are
    ignored. Returns and raises as `mnist_core.training.fitting.fit`.
    """
    architecture = settings.network
    model, teacher = architecture.build(), architecture.build()
    for network in (model, teacher):
        load_initial_weights(network, initial)
    _freeze_statistics(model)
    steps = data.steps_per_epoch(settings)
    model.compile(
        new_optimizer(settings, steps),
        distillation_loss,
        metrics=[DistillationAccuracy(name="accuracy")],
    )

    def make_batches(remaining: range) -> tf.data.Dataset:
        sources = [Source(*data.training, 1.0)]
        if architecture.uses_synthetic_data:
            hooks.on_event(GENERATING)
            sources = synthetic_sources(data.training, settings.seed, _SYNTHETIC_SIZE)
        return fine_tuning_batches(
            teacher, sources, corrections, settings.batch_size, remaining, settings.seed
        )

    images, labels = data.validation
    targets = _certain_targets(tf.constant(labels), model.output_shape[-1])
    curves = train_epochs(
        model, settings, data, hooks, make_batches, (images, targets), steps_per_epoch=steps
    )
    return model, curves


def fine_tuning_batches(
    teacher: keras.Model,
    sources: list[Source],
    corrections: LabelledArrays,
    batch_size: int,
    steps: range,
    seed: int,
) -> tf.data.Dataset:
    """Batches of augmented images and their targets, for the given steps.

    Args:
        teacher: the network before; (n, 28, 28) to (n, 10) or (n, 11) logits.
        sources: images that it knows; the first one fills what the others leave.
        corrections: 1 or more.
        batch_size: images per step, including at least one correction.
        steps: the same step always has the same batch.
        seed: of the random generator.

    Returns:
        Pairs of (batch_size, 28, 28) float32 images, the corrections last, and (batch_size, 10) or
        (batch_size, 11) float32 probabilities, as `distillation_loss` takes them.
    """
    width = teacher.output_shape[-1]
    count = max(1, round(batch_size * min(_MOST, _SHARE * len(corrections.labels))))
    corrected = batches(
        [Source(*corrections, 1.0)], count, steps, seed, strength=_CORRECTED_STRENGTH
    )
    # A batch of one image is a correction.
    if count == batch_size:
        return corrected.map(lambda images, labels: (images, _certain_targets(labels, width)))
    known = batches(sources, batch_size - count, steps, seed, strength=_STRENGTH)

    def join(one: tuple[Any, Any], other: tuple[Any, Any]) -> tuple[Any, Any]:
        images, labels = one
        targets = _teacher_targets(teacher(images, training=False), _certain_targets(labels, width))
        return (
            tf.concat([images, other[0]], 0),
            tf.concat([targets, _certain_targets(other[1], width)], 0),
        )

    return tf.data.Dataset.zip(known, corrected).map(join).prefetch(tf.data.AUTOTUNE)


def _freeze_statistics(model: keras.Model) -> None:
    """Turn dropout off, and freeze batch normalization."""
    for layer in single_layers(model):
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


def _certain_targets(labels: Any, width: int) -> Any:
    """(n, width) probabilities of (n,) labels: one-hot for digits, uniform for non-digits."""
    labels = tf.cast(labels, tf.int32)
    is_digit = labels < NOT_A_DIGIT
    uniform = tf.fill((1, NOT_A_DIGIT), 1 / NOT_A_DIGIT)
    digits = tf.where(is_digit[:, tf.newaxis], tf.one_hot(labels, NOT_A_DIGIT), uniform)
    digit_score = tf.cast(is_digit, tf.float32)[:, tf.newaxis]
    return tf.concat([digits, digit_score], 1)[:, :width]


def _teacher_targets(logits: Any, truth: Any) -> Any:
    """The teacher's probabilities where it was correct; the truth where it was not."""
    digits = tf.nn.softmax(logits[:, :NOT_A_DIGIT])
    true_digits = truth[:, :NOT_A_DIGIT]
    correct = tf.argmax(digits, 1) == tf.argmax(true_digits, 1)
    # Of a non-digit, any answer is as good.
    non_digit = tf.reduce_max(true_digits, 1) < 1
    digits = tf.where((correct | non_digit)[:, tf.newaxis], digits, true_digits)
    score, is_digit = tf.sigmoid(logits[:, NOT_A_DIGIT:]), truth[:, NOT_A_DIGIT:]
    score = tf.where((score > 0.5) == (is_digit > 0.5), score, is_digit)
    return tf.concat([digits, score], 1)
