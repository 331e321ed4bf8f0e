"""One training on several devices or machines, with `tf.distribute`. Imports TensorFlow.

Keras 3's own `fit` fails at the first batch under `MultiWorkerMirroredStrategy` (TensorFlow 2.21,
Keras 3.15; https://github.com/keras-team/keras/issues/20585), so the loop over the steps is here.
Each batch is cut into one slice per replica, whose images are weighted by the size of the whole
batch, and the gradients are summed: a step changes the weights as it would on one device.

All replicas must make the same calls in the same order, so whatever a worker could decide alone (to
stop, what to begin with) is decided by the first one, the chief, and sent to the others.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_core.distributed.cluster import Cluster
from mnist_core.distributed.replica_loop import ReplicaLoop, training_slices, validation_slices
from mnist_core.errors import TrainingError
from mnist_core.training.callbacks import StopTraining, TrainingCallback
from mnist_core.training.config import Settings
from mnist_core.training.early_stopping import Curves, epochs_done, finished
from mnist_core.training.events import Hooks, Message, OnEvent
from mnist_core.training.fitting import (
    GENERATING,
    build_compiled_model,
    load_initial_weights,
    restore_best,
    resuming_after,
)
from mnist_core.training.inputs import TrainingData

__all__ = ["DistributedTrainer"]

# TensorFlow's errors when a worker was lost.
_LOST = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.InternalError)


class DistributedTrainer:
    """Devices, or workers on several machines, that train a network together.

    Create it before TensorFlow computes anything in this process, with a strategy other than
    "default". With several machines, it waits until all of them have started.

    Raises:
        TrainingError: `$TF_CONFIG` is not valid, the workers cannot reach each other, or a batch
            has fewer images than there are replicas.
    """

    def __init__(self, settings: Settings, on_event: OnEvent) -> None:
        self.is_chief, workers = True, 1
        if settings.strategy == "multiworker":
            cluster = Cluster.from_environment()
            self.is_chief, workers = cluster.is_chief, len(cluster.workers)
            if cluster.others:
                on_event(
                    Message(text=f"Waiting for the other workers: {', '.join(cluster.others)}")
                )
            try:
                with _interruptible():
                    self._strategy = tf.distribute.MultiWorkerMirroredStrategy()
            except (tf.errors.OpError, RuntimeError, ValueError) as error:
                raise TrainingError(
                    "The workers could not connect. Start the same command on all machines, and "
                    "check that each can reach the others' ports. Received: "
                    f"{', '.join(cluster.workers)} ({_short(error)})"
                ) from error
        else:
            self._strategy = tf.distribute.MirroredStrategy()
        self.replicas: int = self._strategy.num_replicas_in_sync
        self._per_worker = self.replicas // workers
        if settings.batch_size < self.replicas:
            raise TrainingError(
                "Each device needs an image of every batch. Choose a larger batch size. Received: "
                f"batch_size={settings.batch_size} for {self.replicas} devices"
            )
        on_event(Message(text=f"Training on {self.replicas} device{'s' * (self.replicas > 1)}."))

    def fit(
        self, settings: Settings, data: TrainingData, hooks: Hooks, *, initial: Path | None = None
    ) -> tuple[keras.Model, Curves]:
        """Train a network as `mnist_core.training.fitting.fit` does, on all devices.

        All workers call this with the same settings and images. The checkpoints and the initial
        weights are the chief's; a stop signal at any worker stops all of them. The curves of
        workers other than the chief may be incomplete.

        Raises:
            TrainingError: as of `fit`, or the workers have different settings, or one was lost.
            OSError: an epoch cannot be saved.
        """
        try:
            self._check_same_settings(settings)
            return self._fit(settings, data, hooks, initial)
        except _LOST as error:
            raise TrainingError(
                "Another worker was lost. Start the same command on all machines again: the "
                f"training resumes after its last complete epoch. Received: {_short(error)}"
            ) from error

    def wait_for_all(self) -> bool:
        """Wait for the other workers, whom an early exit of this one would interrupt.

        Returns:
            False if another worker was lost before.
        """
        try:
            self._from_chief([0.0])
        except _LOST:
            return False
        return True

    def _fit(
        self, settings: Settings, data: TrainingData, hooks: Hooks, initial: Path | None
    ) -> tuple[keras.Model, Curves]:
        steps = data.steps_per_epoch(settings)
        with self._strategy.scope():
            model = build_compiled_model(settings, steps)
            model.optimizer.build(model.trainable_variables)
        curves = hooks.checkpoints.restore(model)
        if initial and self.is_chief and not curves:
            load_initial_weights(model, initial)
        self._broadcast(model)
        done, complete = (
            int(n) for n in self._from_chief([epochs_done(curves), finished(settings, curves)])
        )
        if done:
            hooks.on_event(resuming_after(done))
        if not complete:
            if settings.network.uses_synthetic_data:
                hooks.on_event(GENERATING)
            try:
                self._train_epochs(model, settings, data, hooks, curves, done)
            except StopTraining:
                curves = hooks.checkpoints.restore(model)
        restore_best(model, settings, hooks, curves)
        return model, curves

    def _train_epochs(
        self,
        model: keras.Model,
        settings: Settings,
        data: TrainingData,
        hooks: Hooks,
        curves: Curves,
        done: int,
    ) -> None:
        steps = data.steps_per_epoch(settings)
        remaining = range(done * steps, settings.epochs * steps)
        # The loop asks `stopping` itself: all workers have to stop at the same step.
        callback = TrainingCallback(
            settings, steps, curves, dataclasses.replace(hooks, stopping=lambda: False)
        )
        callback.set_model(model)
        loop = ReplicaLoop(self._strategy, model, settings)
        batches = loop.batches(training_slices(settings, data, remaining, self.replicas))
        slices, validation_steps = validation_slices(data.validation, self.replicas)
        validation = loop.batches(slices)
        at_once = settings.network.steps_at_once
        for epoch in range(done, settings.epochs):
            callback.on_epoch_begin(epoch)
            loop.reset_metrics()
            for first in range(0, steps, at_once):
                count = min(at_once, steps - first)
                logs = loop.train(batches, count, stop=hooks.stopping())
                callback.on_train_batch_end(first + count - 1, logs)
            loop.average_statistics()
            results = loop.evaluate(validation, validation_steps, hooks.stopping)
            callback.on_epoch_end(epoch, logs | {f"val_{k}": v for k, v in results.items()})
            # Only the chief knows the epochs before a resumed run, and so when to stop.
            if self._from_chief([float(model.stop_training)])[0]:
                break

    def _check_same_settings(self, settings: Settings) -> None:
        values = dataclasses.asdict(dataclasses.replace(settings, name="any", overwrite=False))
        digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).digest()
        number = float(int.from_bytes(digest[:6], "big"))
        differs = self._from_chief([number])[0] != number
        if self._sum(np.array([float(differs)]))[0]:
            raise TrainingError(
                "The workers have different settings. Start the same command on all of them. "
                "Received: " + ", ".join(f"{key}={value!r}" for key, value in values.items())
            )

    def _broadcast(self, model: keras.Model) -> None:
        """Give all workers the chief's weights, optimizer state and random state."""
        for variable in [*model.variables, *model.optimizer.variables]:
            value = np.asarray(keras.ops.convert_to_numpy(variable), np.float64)
            value = self._from_chief(value.ravel()).reshape(value.shape)
            variable.assign(value.astype(keras.backend.standardize_dtype(variable.dtype)))

    def _from_chief(self, values: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
        """The chief's numbers, at all workers; those of the others are ignored."""
        numbers = np.asarray(values, np.float64)
        return self._sum(numbers if self.is_chief else np.zeros_like(numbers))

    def _sum(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sum of all workers' numbers."""
        return self._reduce(tf.constant(numbers)).numpy()

    @tf.function(  # type: ignore[untyped-decorator]
        input_signature=[tf.TensorSpec([None], tf.float64)]
    )
    def _reduce(self, numbers: tf.Tensor) -> tf.Tensor:
        def first_replica_only(value: tf.Tensor) -> tf.Tensor:
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            return tf.where(replica % self._per_worker == 0, value, tf.zeros_like(value))

        parts = self._strategy.run(first_replica_only, (numbers,))
        return self._strategy.reduce(tf.distribute.ReduceOp.SUM, parts, axis=None)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end this process at once: Python cannot handle it while TensorFlow waits."""
    if threading.current_thread() is not threading.main_thread():  # which alone sets handlers
        yield
        return
    handlers = {n: signal.signal(n, signal.SIG_DFL) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _short(error: Exception) -> str:
    # Without the traceback, which comes first.
    return " ".join(re.sub(r'^.*File "[^"]*".*?$', "", str(error), flags=re.S | re.M).split())[:300]
