"""The Webcam page without a browser."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.runtime.fragment import MemoryFragmentStorage
from support.apps import run_page

from pages.widgets import browser


def test_fragments_keep_their_ids_when_the_camera_is_blocked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Streamlit drops an upload into a fragment that has another ID by then.
    register, found = MemoryFragmentStorage.register, [set[str]()]

    def note(self: Any, key: str, *arguments: Any, **options: Any) -> None:
        found[-1].add(key)
        register(self, key, *arguments, **options)

    monkeypatch.setattr(MemoryFragmentStorage, "register", note)
    video = SimpleNamespace(state=SimpleNamespace(playing=False, signalling=False))
    monkeypatch.setattr("streamlit_webrtc.webrtc_streamer", lambda **options: video)
    monkeypatch.setattr(browser, "camera_status", lambda: "")
    app = run_page("webcam")
    assert not app.warning
    found.append(set())
    monkeypatch.setattr(browser, "camera_status", lambda: "denied")
    app.run()
    assert len(app.warning) == 1
    before, after = found
    assert before
    assert before == after
