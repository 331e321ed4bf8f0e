"""What TensorBoard is given to show."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

# In a process of its own: TensorFlow is large. Half an epoch, a whole one, and what was written.
LOG = """
import json, resource, sys
from pathlib import Path
from mnist_core.training.events import BatchEnd, EpochEnd, Message
from mnist_core.runs.tensorboard import TensorBoardLog
folder, limit = Path(sys.argv[1]), int(sys.argv[2])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
log = TensorBoardLog(folder)
told = [log.add(Message(text="Loading"))]
for epoch in range(1, int(sys.argv[3]) + 1):
    for batch in (10, 20):
        told.append(log.add(BatchEnd(
            epoch=epoch, epochs=9, batch=batch, batches=20, loss=1 / batch, accuracy=0.5,
            images_per_second=100.0, learning_rate=0.25,
        )))
    told.append(log.add(EpochEnd(
        epoch=epoch, epochs=9, loss=0.25, accuracy=0.75, val_loss=0.5, val_accuracy=0.875,
        seconds=1.0, learning_rate=0.125,
    )))
log.close()
import tensorflow as tf
figures = []
for path in sorted(folder.glob("*/events.out.tfevents.*")) if folder.is_dir() else []:
    for record in tf.data.TFRecordDataset(str(path)).ignore_errors():
        event = tf.compat.v1.Event.FromString(record.numpy())
        for value in event.summary.value:
            assert value.metadata.plugin_data.plugin_name == "scalars"
            number = float(tf.make_ndarray(value.tensor))
            figures.append([path.parent.name, value.tag, event.step, number])
print(json.dumps({"told": [m.text for m in told if m], "figures": figures}))
"""


def log(folder: Path, limit: int = 0, epochs: int = 2) -> Any:
    command = [sys.executable, "-c", LOG, str(folder), str(limit), str(epochs)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-2000:]
    return json.loads(result.stdout.splitlines()[-1])


def test_its_figures_are_those_that_were_reported(tmp_path: Path) -> None:
    result = log(tmp_path / "tensorboard")
    assert result["told"] == []
    curves: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for name, tag, step, value in result["figures"]:
        curves.setdefault((name, tag), []).append((step, value))
    assert curves == {
        ("train", "batch_loss"): [
            (step, pytest.approx(1 / batch))
            for step, batch in ((10, 10), (20, 20), (30, 10), (40, 20))
        ],
        ("train", "batch_accuracy"): [(step, 0.5) for step in (10, 20, 30, 40)],
        ("train", "batch_learning_rate"): [(step, 0.25) for step in (10, 20, 30, 40)],
        ("train", "batch_images_per_second"): [(step, 100.0) for step in (10, 20, 30, 40)],
        ("train", "epoch_loss"): [(1, 0.25), (2, 0.25)],
        ("train", "epoch_accuracy"): [(1, 0.75), (2, 0.75)],
        ("train", "epoch_learning_rate"): [(1, 0.125), (2, 0.125)],
        ("validation", "epoch_loss"): [(1, 0.5), (2, 0.5)],
        ("validation", "epoch_accuracy"): [(1, 0.875), (2, 0.875)],
    }


def test_a_folder_that_cannot_be_made_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = log(tmp_path / "file" / "tensorboard")
    assert result["figures"] == []
    (told,) = result["told"]
    assert "the training goes on" in told
    assert "not a directory" in told


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of a file's size there")
def test_a_disk_that_becomes_full_ends_the_log_and_nothing_else(tmp_path: Path) -> None:
    result = log(tmp_path / "tensorboard", limit=4096, epochs=30)
    (told,) = result["told"]
    assert "the training goes on" in told
    assert "File too large" in told
    # What was written before it was full can be read.
    assert ["train", "epoch_loss", 1, 0.25] in result["figures"]
    assert ["train", "epoch_loss", 30, 0.25] not in result["figures"]
