"""One training on several devices, or several machines, by `tf.distribute`. Imports TensorFlow.

Keras 3's own `fit` stops at the first batch under `MultiWorkerMirroredStrategy` (TensorFlow 2.21,
Keras 3.15; https://github.com/keras-team/keras/issues/20585), so the loop over the steps is here.
Each batch is cut into slices, one a replica, whose images count by the size of the whole batch; the
gradients are summed. So a step changes the weights as it would on one device.

All replicas go the same way at the same time: whatever one of them decides alone (to stop, what to
begin with) is decided by the first one, the chief's, and told to the others.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_core.distributed.cluster import Cluster
from mnist_core.distributed.replica_loop import ReplicaLoop, training_slices, validation_slices
from mnist_core.errors import TrainingError
from mnist_core.networks.architectures import get_architecture
from mnist_core.training.callbacks import StopTraining, TrainingCallback
from mnist_core.training.checkpoints import Checkpoints
from mnist_core.training.config import TrainingConfig
from mnist_core.training.early_stopping import Curves, best_epoch, finished
from mnist_core.training.events import Message, OnEvent
from mnist_core.training.fitting import build_compiled_model, load_initial_weights

__all__ = ["DistributedTrainer"]

# What TensorFlow says of a worker that is not there any more.
_LOST = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.InternalError)

Images = NDArray[np.uint8]


class DistributedTrainer:
    """Devices, or workers on several machines, that train a network together.

    To be made before TensorFlow computes anything in this process. With several machines, it waits
    until all of them are there.

    Args:
        config: its strategy is "mirrored" or "multiworker".
        on_event: told whom it waits for, and what there is.

    Raises:
        TrainingError: `$TF_CONFIG` cannot be used, the workers cannot reach each other, or a step
            has fewer images than there are replicas.
    """

    def __init__(self, config: TrainingConfig, on_event: OnEvent) -> None:
        self.is_chief, workers = True, 1
        if config.strategy == "multiworker":
            cluster = Cluster.from_environment()
            self.is_chief, workers = cluster.is_chief, len(cluster.workers)
            if cluster.others:
                on_event(Message(text=f"Waiting for the other workers: {_list(cluster.others)}"))
            try:
                with _interruptible():
                    self._strategy = tf.distribute.MultiWorkerMirroredStrategy()
            except (tf.errors.OpError, RuntimeError, ValueError) as error:
                raise TrainingError(
                    "The workers did not come together. Start the same command on all machines, "
                    "and see that each can reach the others' ports. Received: "
                    f"{_list(cluster.workers)} ({_short(error)})"
                ) from error
        else:
            self._strategy = tf.distribute.MirroredStrategy()
        self.replicas: int = self._strategy.num_replicas_in_sync
        self._per_worker = self.replicas // workers
        assert config.batch_size
        if config.batch_size < self.replicas:
            raise TrainingError(
                "Each device needs an image of every batch. Choose a larger batch size. Received: "
                f"batch_size={config.batch_size} for {self.replicas} devices"
            )
        on_event(Message(text=f"Training on {self.replicas} device{'s' * (self.replicas > 1)}."))

    def fit(
        self,
        config: TrainingConfig,
        training: tuple[Images, Images],
        validation: tuple[Images, Images],
        on_event: OnEvent,
        checkpoints: Checkpoints | None,
        *,
        initial: Path | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> tuple[keras.Model, Curves]:
        """Train a network; all workers call it, with the same settings and images.

        Args:
            config: what and how.
            training: (n, 28, 28) images and (n,) labels, uint8.
            validation: the same, of images held out.
            on_event: called with each event, in this thread.
            checkpoints: the chief's, as of `mnist_core.training.fitting.fit`; None for the others.
            initial: the chief's: a `.keras` file, whose weights to begin with.
            stopping: asked all the time; True at the chief ends the training of all.

        Returns:
            The network and its curves, as `mnist_core.training.fitting.fit` gives them; the
            chief's count.

        Raises:
            TrainingError: the loss diverged, the initial weights are another network's, or the
                workers have different settings, or lost each other.
            OSError: an epoch cannot be saved.
        """
        try:
            self._agree_on(config)
            return self._fit(config, training, validation, on_event, checkpoints, initial, stopping)
        except _LOST as lost:
            raise TrainingError(
                "Another worker is gone. Start the same command on all machines again: the "
                f"training goes on after its last whole epoch. Received: {_short(lost)}"
            ) from lost

    def dismiss(self) -> bool:
        """Wait for each other once more: who leaves while others compute would break them off.

        Returns:
            False if another worker was gone before.
        """
        try:
            self._from_chief([0.0])
        except _LOST:
            return False
        return True

    def _fit(
        self,
        config: TrainingConfig,
        training: tuple[Images, Images],
        validation: tuple[Images, Images],
        on_event: OnEvent,
        checkpoints: Checkpoints | None,
        initial: Path | None,
        stopping: Callable[[], bool],
    ) -> tuple[keras.Model, Curves]:
        assert config.epochs and config.batch_size
        architecture = get_architecture(config.architecture)
        steps = -(-len(training[0]) // config.batch_size)
        with self._strategy.scope():
            model = build_compiled_model(architecture, config, steps)
            model.optimizer.build(model.trainable_variables)
        curves = checkpoints.restore(model) if checkpoints else {}
        done = len(curves.get("loss", ()))
        if initial and checkpoints and not done:
            load_initial_weights(model, initial)
        self._spread(model)
        done, over = (int(n) for n in self._from_chief([done, finished(config, curves)]))
        if done:
            on_event(Message(text=f"Going on after epoch {done}"))
        if not over:
            if architecture.uses_synthetic_data:
                on_event(Message(text="Drawing digits, and what is none"))
            reporter = TrainingCallback(config, steps, curves, checkpoints, on_event, lambda: False)
            reporter.set_model(model)
            remaining = range(done * steps, config.epochs * steps)
            loop = ReplicaLoop(self._strategy, model, config)
            batches = loop.batches(training_slices(config, training, remaining, self.replicas))
            held_out, look = validation_slices(validation, self.replicas)
            others = loop.batches(held_out)
            try:
                for epoch in range(done, config.epochs):
                    reporter.on_epoch_begin(epoch)
                    for first in range(0, steps, architecture.steps_at_once):
                        count = min(architecture.steps_at_once, steps - first)
                        logs = loop.train(batches, count, stop=stopping(), anew=first == 0)
                        reporter.on_train_batch_end(first + count - 1, logs)
                    loop.average_statistics()
                    seen = loop.evaluate(others, look, stopping)
                    reporter.on_epoch_end(epoch, logs | {f"val_{k}": v for k, v in seen.items()})
                    # The others do not know the epochs before, if this run was resumed.
                    if self._from_chief([float(model.stop_training)])[0]:
                        break
            except StopTraining:
                curves = checkpoints.restore(model) if checkpoints else {}
        best = best_epoch(curves)
        if checkpoints and config.patience is not None and best not in (0, len(curves["loss"])):
            checkpoints.restore_best(model, best)
        return model, curves

    def _agree_on(self, config: TrainingConfig) -> None:
        """Make sure that all workers were given the same settings."""
        settings = dataclasses.asdict(dataclasses.replace(config, name="any", overwrite=False))
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).digest()
        mine = float(int.from_bytes(digest[:6], "big"))
        differs = self._from_chief([mine])[0] != mine
        if self._sum(float(differs)):
            raise TrainingError(
                "The workers have different settings. Give all of them the same command. Received: "
                + ", ".join(f"{key}={value!r}" for key, value in settings.items())
            )

    def _spread(self, model: keras.Model) -> None:
        """Give all workers the chief's weights, optimizer and chance."""
        variables = [*model.variables, *model.optimizer.variables]
        values = [np.asarray(keras.ops.convert_to_numpy(v), np.float64) for v in variables]
        told = self._from_chief(np.concatenate([value.ravel() for value in values]))
        start = 0
        for variable, value in zip(variables, values, strict=True):
            part = told[start : start + value.size].reshape(value.shape)
            variable.assign(part.astype(keras.backend.standardize_dtype(variable.dtype)))
            start += value.size

    def _from_chief(self, values: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
        """The chief's numbers, at all workers; what the others give does not matter."""
        numbers = np.asarray(values, np.float64)
        return self._reduced(numbers if self.is_chief else np.zeros_like(numbers))

    def _sum(self, value: float) -> float:
        """The sum of what the workers give."""
        return float(self._reduced(np.array([value]))[0])

    def _reduced(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sum of the workers' numbers."""
        return self._reduce(tf.constant(numbers)).numpy()

    @tf.function(  # type: ignore[untyped-decorator]
        input_signature=[tf.TensorSpec([None], tf.float64)]
    )
    def _reduce(self, numbers: tf.Tensor) -> tf.Tensor:
        def mine(value: tf.Tensor) -> tf.Tensor:
            # One replica of each worker speaks for it.
            place = tf.distribute.get_replica_context().replica_id_in_sync_group
            return tf.where(place % self._per_worker == 0, value, tf.zeros_like(value))

        parts = self._strategy.run(mine, (numbers,))
        return self._strategy.reduce(tf.distribute.ReduceOp.SUM, parts, axis=None)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end this process at once: Python does not hear it while TensorFlow waits."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    alone = threading.current_thread() is not threading.main_thread()
    before = [] if alone else [signal.signal(number, signal.SIG_DFL) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=False):
            signal.signal(number, handler)


def _list(addresses: Sequence[str]) -> str:
    return ", ".join(addresses)


def _short(error: Exception) -> str:
    # The lines of code come first, what happened last.
    return " ".join(re.sub(r'^.*File "[^"]*".*?$', "", str(error), flags=re.S | re.M).split())[:300]
