"""Fixtures for tests of the pages."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import streamlit as st

from mnist_core.corrections.store import CorrectionStore
from mnist_core.registry.card import KERAS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _fresh_streamlit_cache() -> None:
    st.cache_resource.clear()


@pytest.fixture(autouse=True)
def _visitor_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    # AppTest has a mock in place of the visitor's address.
    monkeypatch.setattr(type(st.context), "ip_address", None)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CorrectionStore:
    """The store of corrections that the pages use; still empty."""
    monkeypatch.setenv("MNIST_CORRECTIONS", str(tmp_path / "corrections.sqlite3"))
    return CorrectionStore()


@pytest.fixture
def models(own_models: Path) -> Path:
    """A copy of the bundled models, without the Keras files, that a test may change."""
    ignore = shutil.ignore_patterns(KERAS)
    shutil.copytree(ROOT / "models", own_models, ignore=ignore, dirs_exist_ok=True)
    return own_models
