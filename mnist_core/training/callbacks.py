"""The callback of a training: events, curves, checkpoints and early stopping. Imports Keras."""

from __future__ import annotations

import time
from typing import Any

import keras
import numpy as np

from mnist_core.errors import TrainingDiverged
from mnist_core.training.config import Settings
from mnist_core.training.early_stopping import Curves, best_epoch, finished
from mnist_core.training.events import BatchEnd, EpochEnd, Hooks

__all__ = ["StopTraining", "TrainingCallback"]

# Batches between two BatchEnd events: often enough to watch, rarely enough to cost nothing.
_BATCHES_PER_EVENT = 10


class StopTraining(Exception):  # noqa: N818 (not an error)
    """Stops a training in the middle of an epoch, skipping its validation."""


class TrainingCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Reports a training's progress, records its curves, saves each epoch, and stops early.

    `steps` is the number per epoch; each epoch is appended to `curves`.
    """

    def __init__(self, settings: Settings, steps: int, curves: Curves, hooks: Hooks) -> None:
        super().__init__()
        self._settings, self._steps, self._curves, self._hooks = settings, steps, curves, hooks

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch, self._start, self._speed = epoch + 1, time.perf_counter(), 0.0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._check_stop()
        if (batch + 1) % _BATCHES_PER_EVENT and batch + 1 != self._steps:
            return
        seconds = time.perf_counter() - self._start
        self._speed = round((batch + 1) * self._settings.batch_size / seconds, 1)
        self._hooks.on_event(
            BatchEnd(
                epoch=self._epoch,
                epochs=self._settings.epochs,
                batch=batch + 1,
                batches=self._steps,
                loss=float(logs["loss"]),
                accuracy=float(logs["accuracy"]),
                images_per_second=self._speed,
                learning_rate=self._learning_rate(),
            )
        )

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        self._check_stop()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if not np.isfinite(logs["loss"]):
            raise TrainingDiverged(
                "Training diverged: the loss is NaN or infinite. Try a lower learning rate. "
                f"Received: learning_rate={self._settings.learning_rate}"
            )
        values = {key: float(logs[key]) for key in ("accuracy", "loss", "val_accuracy", "val_loss")}
        for key, value in values.items():
            self._curves.setdefault(key, []).append(value)
        best = best_epoch(self._curves) if self._settings.patience is not None else None
        self._hooks.checkpoints.save(self.model, self._curves, best=best)
        self._hooks.on_event(
            EpochEnd(
                epoch=self._epoch,
                epochs=self._settings.epochs,
                seconds=time.perf_counter() - self._start,
                images_per_second=self._speed,
                learning_rate=self._learning_rate(),
                **values,
            )
        )
        if finished(self._settings, self._curves):
            self.model.stop_training = True

    def _learning_rate(self) -> float:
        return float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))

    def _check_stop(self) -> None:
        if self._hooks.stopping():
            raise StopTraining
