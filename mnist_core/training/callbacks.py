"""What happens between the steps of a training: events, curves, checkpoints, and its early end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from mnist_core.errors import TrainingDiverged
from mnist_core.training.checkpoints import Checkpoints
from mnist_core.training.config import TrainingConfig
from mnist_core.training.early_stopping import Curves, best_epoch, finished
from mnist_core.training.events import BatchEnd, EpochEnd, OnEvent

__all__ = ["StopTraining", "TrainingCallback"]

# Batches between two BatchEnd events: often enough to watch, seldom enough to cost nothing.
_REPORT_EVERY = 10


class StopTraining(Exception):  # noqa: N818 (nothing went wrong)
    """Leaves Keras's loop in the middle of an epoch, without its last validation."""


class TrainingCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Tells how a training goes, keeps its curves, saves it after each epoch, and ends it.

    Args:
        config: what is trained.
        steps: of an epoch.
        curves: of the epochs before; values are added to it.
        checkpoints: where each epoch is saved; None saves none.
        on_event: called with each event.
        stopping: asked after each step (or so many as run at once); True leaves by `StopTraining`.
    """

    def __init__(
        self,
        config: TrainingConfig,
        steps: int,
        curves: Curves,
        checkpoints: Checkpoints | None,
        on_event: OnEvent,
        stopping: Callable[[], bool],
    ) -> None:
        super().__init__()
        self._config, self._steps, self._curves = config, steps, curves
        self._checkpoints, self._on_event, self._stopping = checkpoints, on_event, stopping

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch, self._start, self._speed = epoch + 1, time.perf_counter(), 0.0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._look_whether_to_stop()
        if (batch + 1) % _REPORT_EVERY and batch + 1 != self._steps:
            return
        assert self._config.epochs
        assert self._config.batch_size
        seconds = time.perf_counter() - self._start
        self._speed = round((batch + 1) * self._config.batch_size / seconds, 1)
        self._on_event(
            BatchEnd(
                epoch=self._epoch,
                epochs=self._config.epochs,
                batch=batch + 1,
                batches=self._steps,
                loss=float(logs["loss"]),
                accuracy=float(logs["accuracy"]),
                images_per_second=self._speed,
                learning_rate=self._rate(),
            )
        )

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        self._look_whether_to_stop()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if not np.isfinite(logs["loss"]):
            raise TrainingDiverged(
                "The loss is no number any more: the training diverged. Try a lower learning "
                f"rate. Received: learning_rate={self._config.learning_rate}"
            )
        assert self._config.epochs
        values = {key: float(logs[key]) for key in ("accuracy", "loss", "val_accuracy", "val_loss")}
        for key, value in values.items():
            self._curves.setdefault(key, []).append(value)
        best = best_epoch(self._curves) if self._config.patience is not None else None
        if self._checkpoints:
            self._checkpoints.save(self.model, self._curves, best=best)
        self._on_event(
            EpochEnd(
                epoch=self._epoch,
                epochs=self._config.epochs,
                seconds=time.perf_counter() - self._start,
                images_per_second=self._speed,
                learning_rate=self._rate(),
                **values,
            )
        )
        if finished(self._config, self._curves):
            self.model.stop_training = True

    def _rate(self) -> float:
        return float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))

    def _look_whether_to_stop(self) -> None:
        if self._stopping():
            raise StopTraining
