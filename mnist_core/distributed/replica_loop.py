"""The steps that several replicas of a network make together. Imports TensorFlow.

A batch is cut into one slice per replica, in order and as equal in size as possible. Each image is
weighted by the size of the whole batch, not of its slice, and the replicas' gradients are summed:
the step is the one that a single device would make.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_core.data import NOT_A_DIGIT, LabelledArrays
from mnist_core.training.callbacks import StopTraining
from mnist_core.training.config import Settings
from mnist_core.training.fitting import augmented_batches, shuffle_once
from mnist_core.training.inputs import TrainingData
from mnist_core.training.losses import digit_loss, mean_logits

__all__ = ["ReplicaLoop", "training_slices", "validation_slices"]

# Validation images per step, over all replicas.
_VALIDATION_BATCH = 1000

# (n, 28, 28) images, (n,) labels and (n,) weights, which are 1 / size of the whole batch.
Slice = tuple[tf.Tensor, tf.Tensor, tf.Tensor]
# From the number of a replica to its slices.
Slices = Callable[[int], tf.data.Dataset]


class ReplicaLoop:
    """Trains and evaluates a network on all replicas of a strategy; all workers make each call.

    The model is compiled, and made in the strategy's scope.
    """

    def __init__(
        self, strategy: tf.distribute.Strategy, model: keras.Model, settings: Settings
    ) -> None:
        self._strategy, self._model = strategy, model
        synthetic = settings.network.uses_synthetic_data
        self._losses: Callable[[Any, Any], Any] = digit_loss if synthetic else _cross_entropy
        self.reset_metrics()

    def batches(self, slices: Slices) -> Any:
        """An iterator over batches, made of each replica's slices."""

        def worker_slices(context: Any) -> tf.data.Dataset:
            count = self._strategy.num_replicas_in_sync // context.num_input_pipelines
            first = context.input_pipeline_id * count
            own = [slices(replica) for replica in range(first, first + count)]
            return tf.data.Dataset.choose_from_datasets(own, tf.data.Dataset.range(count).repeat())

        return iter(self._strategy.distribute_datasets_from_function(worker_slices))

    def reset_metrics(self) -> None:
        """Begin an epoch: the metrics of `train` are means since then."""
        self._totals = np.zeros(4)

    def train(self, batches: Any, steps: int, *, stop: bool) -> dict[str, float]:
        """Make some steps without Python between them; the "loss" and "accuracy" of the epoch.

        Raises:
            StopTraining: `stop` is True at any worker.
        """
        *totals, stops = self._train(batches, tf.constant(steps), tf.constant(float(stop))).numpy()
        if stops:
            raise StopTraining
        self._totals += totals
        return _metrics(self._totals)

    def evaluate(self, batches: Any, steps: int, stopping: Callable[[], bool]) -> dict[str, float]:
        """The "loss" and "accuracy" on other images; errors as of `train`."""
        sums = np.zeros(4)
        for _ in range(steps):
            *totals, stops = self._evaluate(batches, tf.constant(float(stopping()))).numpy()
            if stops:
                raise StopTraining
            sums += totals
        return _metrics(sums)

    @tf.function  # type: ignore[untyped-decorator]
    def average_statistics(self) -> None:
        """Average the statistics of normalizations, which each replica updates separately."""
        statistics = [v.value for v in self._model.non_trainable_variables if v.dtype == "float32"]

        def average() -> None:
            context = tf.distribute.get_replica_context()
            for variable in statistics:
                mean = context.all_reduce(tf.distribute.ReduceOp.MEAN, variable.read_value())
                variable.assign(mean)

        self._strategy.run(average)

    @tf.function  # type: ignore[untyped-decorator]
    def _train(self, batches: Any, steps: tf.Tensor, stop: tf.Tensor) -> tf.Tensor:
        totals = tf.zeros(4)
        for _ in tf.range(steps):
            totals += self._sum(self._strategy.run(self._train_step, next(batches)))
        return self._append_stops(totals, stop)

    @tf.function  # type: ignore[untyped-decorator]
    def _evaluate(self, batches: Any, stop: tf.Tensor) -> tf.Tensor:
        totals = self._sum(self._strategy.run(self._test_step, next(batches)))
        return self._append_stops(totals, stop)

    def _train_step(self, images: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        model = self._model
        with tf.GradientTape() as tape:
            logits = model(tf.cast(images, tf.float32), training=True)
            losses = self._losses(labels, logits)
            loss = model.optimizer.scale_loss(tf.reduce_sum(weights * losses))
        trained = model.trainable_weights
        model.optimizer.apply_gradients(zip(tape.gradient(loss, trained), trained, strict=True))
        return _batch_totals(labels, logits, losses, weights)

    def _test_step(self, images: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        logits = self._model(tf.cast(images, tf.float32), training=False)
        return _batch_totals(labels, logits, self._losses(labels, logits), weights)

    def _sum(self, parts: Any) -> tf.Tensor:
        return self._strategy.reduce(tf.distribute.ReduceOp.SUM, parts, axis=None)

    def _append_stops(self, totals: tf.Tensor, stop: tf.Tensor) -> tf.Tensor:
        """Append the number of workers that are to stop."""
        stops = self._sum(self._strategy.run(tf.identity, (stop,)))
        return tf.concat([totals, [stops]], 0)


def training_slices(settings: Settings, data: TrainingData, steps: range, replicas: int) -> Slices:
    """The training images of each replica.

    Without augmentation, the images come in the same order as on one device. With augmentation or
    synthetic data, each replica has its own share of the images, and its own random generator.
    The slices are endless, so that the replicas need not agree at each step whether there are more;
    `steps` are those of complete epochs, counted from the beginning of the training.
    """
    size = settings.batch_size
    synthetic = settings.network.uses_synthetic_data
    if not (synthetic or settings.augmentation):
        shuffled = shuffle_once(data.training)
        return lambda replica: _slices(shuffled, size, replicas, replica)

    def own_slices(replica: int) -> tf.data.Dataset:
        start, stop = _bounds(size, replicas, replica)
        own = dataclasses.replace(
            settings, batch_size=stop - start, seed=(settings.seed + replica) % 2**32
        )
        share = data.training.select(slice(replica, None, replicas))
        batches = augmented_batches(own, share, steps, data.synthetic_size / replicas)
        weights = tf.fill((stop - start,), 1 / size)
        return batches.map(lambda images, labels: (images, labels, weights)).repeat()

    return own_slices


def validation_slices(validation: LabelledArrays, replicas: int) -> tuple[Slices, int]:
    """The validation images of each replica, repeated endlessly, and the steps per epoch."""
    with tf.device("CPU:0"):
        images = tf.constant(validation.images), tf.constant(validation.labels)
    size = max(_VALIDATION_BATCH, replicas)
    steps = -(-len(validation.labels) // size)
    return lambda replica: _slices(images, size, replicas, replica), steps


def _slices(
    images: tuple[tf.Tensor, tf.Tensor], size: int, replicas: int, replica: int
) -> tf.data.Dataset:
    count = len(images[0])

    def batch(step: tf.Tensor) -> Slice:
        first = step * size
        whole = tf.minimum(tf.constant(size, tf.int64), count - first)
        start, stop = _bounds(whole, replicas, replica)
        # The last batch may have fewer images than there are replicas, but a normalization needs
        # one: an image of weight 0 then.
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
    """The start and stop of a replica's slice of a batch of `whole` images."""
    return replica * whole // replicas, (replica + 1) * whole // replicas


def _cross_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    return keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)


def _batch_totals(
    labels: tf.Tensor, logits: tf.Tensor, losses: tf.Tensor, weights: tf.Tensor
) -> tf.Tensor:
    """The sum of the losses, and the numbers of correct digits, digits and images."""
    labels, image = tf.cast(labels, tf.int32), weights > 0
    digit = image & (labels < NOT_A_DIGIT)
    answers = tf.argmax(mean_logits(logits)[:, :NOT_A_DIGIT], 1, tf.int32)
    correct = digit & (answers == labels)
    counts = [tf.math.count_nonzero(mask, dtype=tf.float32) for mask in (correct, digit, image)]
    return tf.stack([tf.reduce_sum(tf.where(image, losses, 0.0)), *counts])


def _metrics(totals: NDArray[np.float64]) -> dict[str, float]:
    losses, correct, digits, images = totals
    return {"loss": float(losses / images), "accuracy": float(correct / max(digits, 1))}
