"""Each visitor's reader, known by the session."""

from __future__ import annotations

import gc
from types import SimpleNamespace
from typing import Any

import pytest

from mnist_core import Recognizer, load_recognizer
from pages.video import readers


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The state of the session "ann", whose page runs."""
    state: dict[str, Any] = {}
    monkeypatch.setattr(readers.st, "session_state", state)
    context = SimpleNamespace(session_id="ann")
    monkeypatch.setattr(readers, "get_script_run_ctx", lambda: context)
    return state


def test_reader_stays_when_another_model_is_chosen(
    session: dict[str, Any], recognizer: Recognizer
) -> None:
    live = readers.own_reader(recognizer)
    assert readers.reader_of("ann") is live
    assert readers.reader_of("bob") is None
    other = load_recognizer("mlp")
    assert readers.own_reader(other) is live
    assert live.recognizer is other


def test_reader_ends_with_its_session(session: dict[str, Any], recognizer: Recognizer) -> None:
    readers.own_reader(recognizer)
    session.clear()
    gc.collect()
    assert readers.reader_of("ann") is None
