"""The page's own connection, offered or taken when WebRTC brings no video."""

from __future__ import annotations

import time

import pytest
from streamlit.testing.v1 import AppTest
from support.apps import run_script

from mnist_core import MnistError, Recognizer
from mnist_core.webcam.session import LiveReader
from pages.video import connection

SHOW = """
import streamlit as st
from pages.video import connection
own = connection.by_page(webrtc=st.session_state.get("webrtc", True))
st.session_state["own"] = own
connection.explain_failure(st.session_state["live"], st.session_state["running"], own)
connection.show_choice()
"""


def show(recognizer: Recognizer, *, waited: float, **state: object) -> AppTest:
    since = time.monotonic() - waited
    state = {"running": True} | state
    return run_script(SHOW, live=LiveReader(recognizer), video_since=since, **state)


def test_page_connection_is_offered_when_no_video_comes(recognizer: Recognizer) -> None:
    app = show(recognizer, waited=connection.PATIENCE - 2)
    assert not app.error
    assert not app.button
    app = show(recognizer, waited=connection.PATIENCE + 0.1)
    assert "No video after 5 seconds." in app.error[0].value
    assert not app.session_state["own"]
    app.button(key="take_page").click().run()
    assert app.session_state["own"]
    assert app.session_state["connection"] == "page"
    assert app.session_state["video_restart"]
    assert not app.error, "it has not had its 5 seconds yet"


def test_offer_stays_when_the_attempt_has_ended_and_goes_with_the_next(
    recognizer: Recognizer,
) -> None:
    app = show(recognizer, waited=connection.PATIENCE + 1)
    app.session_state["running"] = False
    app.run()
    assert app.button(key="take_page")
    app.session_state["video_missing"] = False
    app.run()
    assert not app.error


def test_automatic_connection_takes_the_page_by_itself(recognizer: Recognizer) -> None:
    app = show(recognizer, waited=connection.PATIENCE + 1, connection="auto")
    assert app.session_state["own"]
    assert not app.error
    assert not app.button


def test_page_connection_that_fails_is_explained(recognizer: Recognizer) -> None:
    app = show(recognizer, waited=connection.PATIENCE + 1, connection="page")
    assert "No reading after 5 seconds." in app.error[0].value
    assert not app.button


def test_browser_without_webrtc_takes_the_page_at_once(recognizer: Recognizer) -> None:
    app = show(recognizer, waited=0, webrtc=False)
    assert app.session_state["own"]
    assert app.session_state["connection"] == "webrtc"  # the choice of other browsers


def test_settings_of_the_server_are_the_first_choice(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_VIDEO", '{"connection": "page"}')
    assert show(recognizer, waited=0).session_state["own"]
    assert not show(recognizer, waited=0, connection="webrtc").session_state["own"]
    monkeypatch.setenv("MNIST_VIDEO", '{"connection": "radio"}')
    with pytest.raises(
        MnistError, match=r"\$MNIST_VIDEO: .*'connection' must be one of: .*'radio'"
    ):
        connection.by_page(webrtc=True)
