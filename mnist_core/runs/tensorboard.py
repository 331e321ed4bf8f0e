"""What a training reported, once more, for TensorBoard. Imports TensorFlow with the first figures.

Names and folders are those of Keras's own callback, which would not see epochs that Keras does not
run itself: `epoch_loss`, `epoch_accuracy` and `epoch_learning_rate` by epoch, under `train/` and
`validation/`; `batch_loss`, `batch_accuracy`, `batch_learning_rate` and `batch_images_per_second`
by step, under `train/`.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from mnist_core.training.events import BatchEnd, EpochEnd, Message, TrainingEvent

__all__ = ["TensorBoardLog"]

# Whoever looks on sees what is older than this, in milliseconds.
_FLUSH = 10_000


class TensorBoardLog:
    """Writes what a training reports into event files.

    It never fails: where it cannot write (a full disk, a folder without rights), it writes no more,
    and the training goes on.

    Args:
        folder: of this training; made with the first figures.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[str, Any] = {}
        self._failed = False

    def add(self, event: TrainingEvent) -> Message | None:
        """Take in an event; those without figures are passed over.

        Returns:
            What is to be told, if from now on nothing can be written.
        """
        if self._failed or not isinstance(event, BatchEnd | EpochEnd):
            return None
        import tensorflow as tf

        try:
            if isinstance(event, BatchEnd):
                self._add_batch(event)
            else:
                self._add_epoch(event)
        except (OSError, tf.errors.OpError) as error:
            self._failed = True
            # TensorFlow's messages run over lines, and begin with names of its own.
            reason = re.sub(r"\{\{.*?\}\}|\[Op:.*", "", str(error), flags=re.DOTALL).strip()
            return Message(
                text="TensorBoard's log cannot be written and ends here; the training goes on "
                f"({' '.join(reason.split())})."
            )
        return None

    def close(self) -> None:
        """Write what is held back."""
        if not self._writers:
            return
        import tensorflow as tf

        for writer in self._writers.values():
            with suppress(OSError, tf.errors.OpError):
                writer.close()
        self._writers.clear()

    def _add_batch(self, event: BatchEnd) -> None:
        step = (event.epoch - 1) * event.batches + event.batch
        figures = {
            "batch_loss": event.loss,
            "batch_accuracy": event.accuracy,
            "batch_learning_rate": event.learning_rate,
            "batch_images_per_second": event.images_per_second,
        }
        self._write("train", figures, step)

    def _add_epoch(self, event: EpochEnd) -> None:
        figures = {
            "epoch_loss": event.loss,
            "epoch_accuracy": event.accuracy,
            "epoch_learning_rate": event.learning_rate,
        }
        self._write("train", figures, event.epoch)
        figures = {"epoch_loss": event.val_loss, "epoch_accuracy": event.val_accuracy}
        self._write("validation", figures, event.epoch)
        for writer in self._writers.values():
            writer.flush()

    def _write(self, name: str, figures: dict[str, float], step: int) -> None:
        import tensorflow as tf

        if not self._writers:
            # `tf.summary.scalar` says the same, but only where TensorBoard is installed.
            self._scalar = tf.compat.v1.SummaryMetadata(data_class="DATA_CLASS_SCALAR")
            self._scalar.plugin_data.plugin_name = "scalars"
        if name not in self._writers:
            self._writers[name] = tf.summary.create_file_writer(
                str(self._folder / name), flush_millis=_FLUSH
            )
        with self._writers[name].as_default(step=step):
            for key, value in figures.items():
                tf.summary.write(key, tf.constant(value, tf.float32), metadata=self._scalar)
