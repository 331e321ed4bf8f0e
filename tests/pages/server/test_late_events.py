"""What a fragment has written is shown although the next one was asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime import Runtime
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.script_data import ScriptData
from streamlit.runtime.scriptrunner.script_cache import ScriptCache

from pages.server.late_events import accept_late_events

SCRIPT = """
import streamlit as st

@st.fragment
def first():
    st.write("first")

@st.fragment
def second():
    st.write("second")

first()
second()
"""


@pytest.fixture
def unchanged(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    monkeypatch.setattr(Runtime, "_instance", MagicMock())  # a session asks it for its files
    for name in ("_create_scriptrunner", "_handle_scriptrunner_event_on_event_loop"):
        monkeypatch.setattr(AppSession, name, getattr(AppSession, name))
    yield monkeypatch


def test_output_of_a_fragment_is_not_lost_when_the_next_one_follows(
    unchanged: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(SCRIPT)
    accept_late_events()
    assert asyncio.run(written_by_two_fragments(tmp_path / "app.py")) == ["first", "second"]


def test_sessions_of_another_version_stay_as_they_are(
    unchanged: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    handle = AppSession._handle_scriptrunner_event_on_event_loop
    unchanged.delattr(AppSession, "_create_scriptrunner")
    accept_late_events()
    assert AppSession._handle_scriptrunner_event_on_event_loop is handle
    assert "clicks can be lost" in caplog.text


async def written_by_two_fragments(script: Path) -> list[str]:
    """What the browser gets when the second fragment is asked for as soon as the first has run."""
    files = MemoryUploadedFileManager("/upload")
    data = ScriptData(str(script), is_hello=False)
    session = AppSession(data, files, ScriptCache(), lambda: None, {})
    session.request_rerun(ClientState())
    await end_of_run(session)
    written = [message.delta for message in session.flush_browser_queue()]
    fragments = list(dict.fromkeys(delta.fragment_id for delta in written if delta.fragment_id))
    session.request_rerun(ClientState(fragment_id=fragments[0]))
    runner = session._scriptrunner
    assert runner is not None
    assert runner._script_thread is not None
    runner._script_thread.join(60)  # here the event loop handles nothing
    session.request_rerun(ClientState(fragment_id=fragments[1]))
    await end_of_run(session)
    written = [message.delta for message in session.flush_browser_queue()]
    session.shutdown()
    return [delta.new_element.markdown.body for delta in written if delta.HasField("new_element")]


async def end_of_run(session: AppSession) -> None:
    end = time.monotonic() + 60
    while session._scriptrunner is not None and time.monotonic() < end:
        await asyncio.sleep(0.01)
    assert session._scriptrunner is None
