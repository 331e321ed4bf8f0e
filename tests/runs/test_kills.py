"""Trainings that are killed, or run out of disk space, leave a complete model or none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.failing_trainings import kill_trainings, train_with_limit
from support.processes import run_with_tensorflow

from mnist_core import list_models
from mnist_core.registry.card import HISTORY, KERAS, PREDICTIONS, TFLITE
from mnist_core.registry.store import read_verified
from mnist_core.runs.store import list_runs

TESTS = Path(__file__).parents[1]


@pytest.mark.usefixtures("runs", "own_models")
@pytest.mark.parametrize(
    ("architecture", "kills", "seed"),
    [
        ("mlp", 3, 1),
        pytest.param("cnn", 7, 2, marks=pytest.mark.slow),
    ],
)
def test_killed_training_leaves_a_complete_model_or_none(
    architecture: str, kills: int, seed: int
) -> None:
    report = run_with_tensorflow(kill_trainings, architecture, kills, seed)
    assert report.same, report.attempts
    assert len(report.attempts) == kills
    assert {card.name for card in list_models()} == {"reference", "mine"}


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    "limit",
    [
        1_000_000,  # no room for a checkpoint
        pytest.param(1_200, marks=pytest.mark.slow),  # not even for the events
    ],
)
def test_training_without_room_explains_and_leaves_no_model(own_models: Path, limit: int) -> None:
    message, epochs = run_with_tensorflow(train_with_limit, limit)
    assert "cannot be saved" in message
    assert epochs == 0
    assert list_models() == []
    assert list(own_models.iterdir()) == []
    (run,) = list_runs()
    assert [path.name for path in run.folder.rglob("*.h5")] == []


# A disk that only this process sees, with room for one and a half checkpoints.
ON_A_SMALL_DISK = """
mount -t tmpfs -o size=7m tmpfs "$DISK" || exit 77
exec "$PYTHON" -m support.failing_trainings 100000000
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can mount")
def test_training_on_a_full_disk_keeps_the_epoch_before(tmp_path: Path) -> None:
    variables = {
        "DISK": tmp_path,
        "MNIST_RUNS": tmp_path / "r",
        "MNIST_MODELS": tmp_path / "m",
        "PYTHON": sys.executable,
        "PYTHONPATH": f"{TESTS.parent}{os.pathsep}{TESTS}",
    }
    result = subprocess.run(
        ["unshare", "--mount", "sh", "-c", ON_A_SMALL_DISK],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {name: str(value) for name, value in variables.items()},
    )
    if result.returncode == 77 or "unshare" in result.stderr:
        pytest.skip("not even root can mount here")
    assert result.stdout.startswith("1 The model cannot be saved"), result.stderr[-2000:]


def test_bundled_model_has_all_files() -> None:
    assert {HISTORY, KERAS, PREDICTIONS, TFLITE} == set(list_models()[0].sha256)
    read_verified(list_models()[0], TFLITE)
