"""A training run in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_core import list_models
from mnist_core.events import BatchEnd, Done, EpochEnd
from mnist_core.jobs import TrainingJob
from mnist_core.training import TrainingConfig


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of models, for this process and those it starts."""
    folder = tmp_path / "models"
    monkeypatch.setenv("MNIST_MODELS", str(folder))
    return folder


@pytest.mark.slow
def test_a_job_reports_and_leaves_a_model(models: Path) -> None:
    job = TrainingJob(TrainingConfig(architecture="mlp", name="quick", epochs=1))
    assert job.running
    assert job.error is None
    assert job.wait(120)
    kinds = [type(event) for event in job.events]
    assert kinds.index(BatchEnd) < kinds.index(EpochEnd) < kinds.index(Done)
    assert job.error is None
    assert [card.name for card in list_models()] == ["quick"]
    done = job.events[-1]
    assert isinstance(done, Done)
    assert done.card == list_models()[0]


@pytest.mark.slow
def test_a_stopped_job_leaves_nothing(models: Path) -> None:
    job = TrainingJob(TrainingConfig(architecture="mlp", name="stopped"))
    while job.running and not any(isinstance(event, BatchEnd) for event in job.events):
        job.wait(0.1)
    job.stop()
    assert not job.running
    assert "stopped" in (job.error or "")
    assert list(models.iterdir()) == []


def test_a_failed_job_says_why(models: Path) -> None:
    models.write_text("A file where the folder should be.")
    job = TrainingJob(TrainingConfig(architecture="mlp"))
    assert job.wait(60)
    assert "cannot be saved" in (job.error or "")
    assert "Traceback" not in (job.error or "")
