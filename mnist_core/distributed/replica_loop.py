"""Steps that several replicas of a network make together. Imports TensorFlow.

A batch is cut into slices, one a replica: as nearly as they can be of one size, and in the order of
the batch. An image counts by one part of the whole batch, not of its slice, and the replicas'
gradients are summed: the step is the one that a single device would make.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_core.networks.architectures import get_architecture
from mnist_core.training.callbacks import StopTraining
from mnist_core.training.config import TrainingConfig
from mnist_core.training.fitting import augmented_batches, shuffle_once
from mnist_core.training.losses import NOT_A_DIGIT, answer, digit_loss

__all__ = ["ReplicaLoop", "training_slices", "validation_slices"]

# Held-out images that are looked at in one step, over all replicas.
_LOOK = 1000

Images = NDArray[np.uint8]
# (n, 28, 28) images, (n,) labels and (n,) weights: the parts of the whole batch that they are.
Slice = tuple[tf.Tensor, tf.Tensor, tf.Tensor]


class ReplicaLoop:
    """Trains and evaluates a network on all replicas of a strategy; all workers make each call.

    Args:
        strategy: of `tf.distribute`.
        model: compiled, made in the strategy's scope.
        config: of the training.
    """

    def __init__(
        self, strategy: tf.distribute.Strategy, model: keras.Model, config: TrainingConfig
    ) -> None:
        self._strategy, self._model = strategy, model
        uses_synthetic_data = get_architecture(config.architecture).uses_synthetic_data
        self._losses: Callable[[Any, Any], Any] = (
            digit_loss if uses_synthetic_data else _cross_entropy
        )
        self._totals = np.zeros(4)

    def batches(self, slices: Callable[[int], tf.data.Dataset]) -> Any:
        """An iterator over batches, made of each replica's slices."""

        def mine(context: Any) -> tf.data.Dataset:
            count = self._strategy.num_replicas_in_sync // context.num_input_pipelines
            first = context.input_pipeline_id * count
            own = [slices(replica) for replica in range(first, first + count)]
            return tf.data.Dataset.choose_from_datasets(own, tf.data.Dataset.range(count).repeat())

        return iter(self._strategy.distribute_datasets_from_function(mine))

    def train(self, batches: Any, steps: int, *, stop: bool, anew: bool) -> dict[str, float]:
        """Make some steps.

        Args:
            batches: from `batches`.
            steps: how many; those of one call run without Python between them.
            stop: this worker is to stop.
            anew: an epoch begins; the figures are means since then.

        Returns:
            "loss" and "accuracy".

        Raises:
            StopNow: a worker, whichever, is to stop.
        """
        if anew:
            self._totals = np.zeros(4)
        *totals, stops = self._train(batches, tf.constant(steps), tf.constant(float(stop))).numpy()
        if stops:
            raise StopTraining
        self._totals += totals
        return _figures(self._totals)

    def evaluate(self, batches: Any, steps: int, stopping: Callable[[], bool]) -> dict[str, float]:
        """The "loss" and "accuracy" on other images; `batches` and `StopTraining` as of `train`."""
        sums = np.zeros(4)
        for _ in range(steps):
            *totals, stops = self._evaluate(batches, tf.constant(float(stopping()))).numpy()
            if stops:
                raise StopTraining
            sums += totals
        return _figures(sums)

    @tf.function  # type: ignore[untyped-decorator]
    def average_statistics(self) -> None:
        """Give all replicas the mean of their normalizations' statistics, which each kept alone."""
        kept = [v.value for v in self._model.non_trainable_variables if v.dtype == "float32"]

        def average() -> None:
            context = tf.distribute.get_replica_context()
            for variable in kept:
                mean = context.all_reduce(tf.distribute.ReduceOp.MEAN, variable.read_value())
                variable.assign(mean)

        self._strategy.run(average)

    @tf.function  # type: ignore[untyped-decorator]
    def _train(self, batches: Any, steps: tf.Tensor, stop: tf.Tensor) -> tf.Tensor:
        totals = tf.zeros(4)
        for _ in tf.range(steps):
            totals += self._summed(self._strategy.run(self._step, next(batches)))
        return self._with_stop(totals, stop)

    @tf.function  # type: ignore[untyped-decorator]
    def _evaluate(self, batches: Any, stop: tf.Tensor) -> tf.Tensor:
        return self._with_stop(self._summed(self._strategy.run(self._look, next(batches))), stop)

    def _step(self, images: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        model = self._model
        with tf.GradientTape() as tape:
            logits = model(tf.cast(images, tf.float32), training=True)
            losses = self._losses(labels, logits)
            loss = model.optimizer.scale_loss(tf.reduce_sum(weights * losses))
        trained = model.trainable_weights
        model.optimizer.apply_gradients(zip(tape.gradient(loss, trained), trained, strict=True))
        return _measured(labels, logits, losses, weights)

    def _look(self, images: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        logits = self._model(tf.cast(images, tf.float32), training=False)
        return _measured(labels, logits, self._losses(labels, logits), weights)

    def _summed(self, parts: Any) -> tf.Tensor:
        return self._strategy.reduce(tf.distribute.ReduceOp.SUM, parts, axis=None)

    def _with_stop(self, totals: tf.Tensor, stop: tf.Tensor) -> tf.Tensor:
        stops = self._summed(self._strategy.run(tf.identity, (stop,)))
        return tf.concat([totals, [stops]], 0)


def training_slices(
    config: TrainingConfig, training: tuple[Images, Images], steps: range, replicas: int
) -> Callable[[int], tf.data.Dataset]:
    """What each replica is to learn from, by its number.

    Args:
        config: of the training.
        training: (n, 28, 28) images and (n,) labels, uint8.
        steps: which steps of the training, counted over all epochs; whole epochs.
        replicas: how many there are.

    Returns:
        A function from the number of a replica to its slices, without end: of an endless dataset
        the replicas need not tell each other at each step whether there is more. Images as they
        are come in the order in which one device has them. Where they are altered or drawn, each
        replica has a share of the images of its own, and draws its own.
    """
    architecture = get_architecture(config.architecture)
    size = config.batch_size
    assert size and config.epochs
    if not (architecture.uses_synthetic_data or config.augmentation):
        ordered = shuffle_once(training)
        return lambda replica: _slices(ordered, size, replicas, replica)

    def own(replica: int) -> tf.data.Dataset:
        start, stop = _bounds(size, replicas, replica)
        part = dataclasses.replace(
            config, batch_size=stop - start, seed=(config.seed + replica) % 2**32
        )
        share = training[0][replica::replicas], training[1][replica::replicas]
        batches = augmented_batches(architecture, part, share, steps, pictures=1 / replicas)
        weights = tf.fill((stop - start,), 1 / size)
        return batches.map(lambda images, labels: (images, labels, weights)).repeat()

    return own


def validation_slices(
    validation: tuple[Images, Images], replicas: int
) -> tuple[Callable[[int], tf.data.Dataset], int]:
    """What each replica is to look at, over and over, by its number; and the steps of a look."""
    with tf.device("CPU:0"):
        held = tf.constant(validation[0]), tf.constant(validation[1])
    size = max(_LOOK, replicas)
    return lambda replica: _slices(held, size, replicas, replica), -(-len(validation[0]) // size)


def _slices(
    images: tuple[tf.Tensor, tf.Tensor], size: int, replicas: int, replica: int
) -> tf.data.Dataset:
    count = len(images[0])

    def batch(step: tf.Tensor) -> Slice:
        first = step * size
        whole = tf.minimum(tf.constant(size, tf.int64), count - first)
        start, stop = _bounds(whole, replicas, replica)
        # A last batch may have fewer images than there are replicas. Normalizations need one.
        place = tf.range(first + start, first + tf.maximum(stop, start + 1))
        weights = tf.fill(tf.shape(place), tf.where(stop > start, 1 / whole, 0.0))
        place = tf.minimum(place, count - 1)
        return (*(tf.gather(values, place) for values in images), tf.cast(weights, tf.float32))

    return (
        tf.data.Dataset.range(-(-count // size))
        .map(batch, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        .repeat()
        .prefetch(tf.data.AUTOTUNE)
    )


def _bounds(whole: Any, replicas: int, replica: int) -> tuple[Any, Any]:
    """Where a replica's slice of a batch of so many images begins and ends."""
    return replica * whole // replicas, (replica + 1) * whole // replicas


def _cross_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    return keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)


def _measured(
    labels: tf.Tensor, logits: tf.Tensor, losses: tf.Tensor, weights: tf.Tensor
) -> tf.Tensor:
    """Sum of the losses, digits read rightly, digits, and images."""
    labels, image = tf.cast(labels, tf.int32), weights > 0
    digit = image & (labels < NOT_A_DIGIT)
    right = digit & (tf.argmax(answer(logits)[:, :NOT_A_DIGIT], 1, tf.int32) == labels)
    counts = [tf.math.count_nonzero(what, dtype=tf.float32) for what in (right, digit, image)]
    return tf.stack([tf.reduce_sum(tf.where(image, losses, 0.0)), *counts])


def _figures(totals: NDArray[np.float64]) -> dict[str, float]:
    losses, right, digits, images = totals
    return {"loss": float(losses / images), "accuracy": float(right / max(digits, 1))}
