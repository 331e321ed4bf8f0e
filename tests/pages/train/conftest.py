"""Fixtures of the Train tab's tests."""

from __future__ import annotations

import pytest

from mnist_core import TrainingConfig
from mnist_core.runs import jobs
from mnist_core.runs.run import Run
from mnist_core.runs.store import new_run


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[TrainingConfig]:
    """The started runs' settings; no process starts."""
    configs: list[TrainingConfig] = []

    def start(config: TrainingConfig) -> Run:
        configs.append(config)
        return new_run(config)

    monkeypatch.setattr(jobs, "start", start)
    return configs
