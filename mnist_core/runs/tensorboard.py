"""A training's metrics for TensorBoard. TensorFlow is imported with the first metrics.

Names and folders are those of Keras's own callback, which does not see the epochs of trainings on
several devices: `epoch_loss`, `epoch_accuracy` and `epoch_learning_rate` by epoch, under `train/`
and `validation/`; `batch_loss`, `batch_accuracy`, `batch_learning_rate` and
`batch_images_per_second` by step, under `train/`.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from mnist_core.training.events import BatchEnd, EpochEnd, Message, TrainingEvent

__all__ = ["TensorBoardLog"]

# The longest time that metrics stay in memory, in milliseconds.
_FLUSH = 10_000


class TensorBoardLog:
    """Writes the metrics of a training into event files.

    It never fails: if it cannot write (full disk, missing permissions), it stops writing, and the
    training continues.

    Args:
        folder: created with the first metrics.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[str, Any] = {}
        self._failed = False

    def add(self, event: TrainingEvent) -> Message | None:
        """Write the metrics of an event, if it has any.

        Returns:
            A message for the user when the log cannot be written any more.
        """
        if self._failed or not isinstance(event, BatchEnd | EpochEnd):
            return None
        import tensorflow as tf

        try:
            self._add(event)
        except (OSError, tf.errors.OpError) as error:
            self._failed = True
            # TensorFlow's messages have several lines and contain internal names.
            reason = re.sub(r"\{\{.*?\}\}|\[Op:.*", "", str(error), flags=re.DOTALL).strip()
            return Message(
                text="TensorBoard's log cannot be written and ends here; the training continues "
                f"({' '.join(reason.split())})."
            )
        return None

    def close(self) -> None:
        """Write everything to disk."""
        if not self._writers:
            return
        import tensorflow as tf

        for writer in self._writers.values():
            with suppress(OSError, tf.errors.OpError):
                writer.close()
        self._writers.clear()

    def _add(self, event: BatchEnd | EpochEnd) -> None:
        names = ["loss", "accuracy", "learning_rate"]
        if isinstance(event, BatchEnd):
            names.append("images_per_second")
            step = (event.epoch - 1) * event.batches + event.batch
            self._write("train", step, {f"batch_{name}": getattr(event, name) for name in names})
            return
        metrics = {f"epoch_{name}": getattr(event, name) for name in names}
        self._write("train", event.epoch, metrics)
        metrics = {"epoch_loss": event.val_loss, "epoch_accuracy": event.val_accuracy}
        self._write("validation", event.epoch, metrics)
        for writer in self._writers.values():
            writer.flush()

    def _write(self, name: str, step: int, metrics: dict[str, float]) -> None:
        import tensorflow as tf

        # `tf.summary.scalar` does the same, but needs TensorBoard to be installed.
        metadata = tf.compat.v1.SummaryMetadata(data_class="DATA_CLASS_SCALAR")
        metadata.plugin_data.plugin_name = "scalars"
        if name not in self._writers:
            self._writers[name] = tf.summary.create_file_writer(
                str(self._folder / name), flush_millis=_FLUSH
            )
        with self._writers[name].as_default(step=step):
            for key, value in metrics.items():
                tf.summary.write(key, tf.constant(value, tf.float32), metadata=metadata)
