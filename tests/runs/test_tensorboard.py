"""Metrics for TensorBoard."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.processes import run_with_tensorflow
from support.runs import write_tensorboard_log


def test_log_has_the_reported_metrics(tmp_path: Path) -> None:
    messages, scalars = run_with_tensorflow(write_tensorboard_log, tmp_path / "tensorboard", 2)
    assert messages == []
    curves: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for name, tag, step, value in scalars:
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


def test_log_reports_once_that_its_folder_cannot_be_created(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "tensorboard"
    (message,), scalars = run_with_tensorflow(write_tensorboard_log, folder, 2)
    assert scalars == []
    assert "the training continues" in message
    assert "not a directory" in message


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of a file's size there")
def test_log_ends_when_the_disk_is_full(tmp_path: Path) -> None:
    folder = tmp_path / "tensorboard"
    (message,), scalars = run_with_tensorflow(write_tensorboard_log, folder, 30, limit=4096)
    assert "the training continues" in message
    assert "File too large" in message
    # The part written before is readable.
    assert ("train", "epoch_loss", 1, 0.25) in scalars
    assert ("train", "epoch_loss", 30, 0.25) not in scalars
