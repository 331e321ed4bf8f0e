"""Fixtures of the Train tab's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st
from support.cards import make_card

from mnist_core import TrainingConfig
from mnist_core.registry.card import write_card
from mnist_core.registry.staging import staged_model
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


@pytest.fixture
def mine(models: Path) -> None:
    """A model that the user trained, beside the bundled ones."""
    with staged_model("mine", models) as stage:
        write_card(make_card("mine", test_accuracy=0.9712), stage)
    st.cache_data.clear()
