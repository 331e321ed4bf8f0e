"""The panel beside the video: what the box cuts, and a video that has stopped."""

from __future__ import annotations

import time

import pytest
from support.apps import run_script, texts
from support.sheets import sheet

from mnist_core import Recognizer, load_recognizer
from mnist_core.webcam.session import LiveReader
from mnist_core.webcam.settings import WebcamSettings

SHOW = """
import streamlit as st
from pages.video import live_panel
live_panel.show(st.session_state["live"], True)
"""


def test_caption_names_no_digit_before_the_first_one() -> None:
    captions = texts(run_script(SHOW, live=LiveReader(load_recognizer())), "caption")
    assert "A bar for the probability of each digit." in captions
    assert "Largest digit" not in captions


def test_digit_cut_by_the_box_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    live = LiveReader(load_recognizer())
    # On a busy machine, the page may come when the video has stopped.
    now = time.monotonic()
    monkeypatch.setattr("mnist_core.webcam.session.time.monotonic", lambda: now)
    live.settings = WebcamSettings(roi=(0.1, 0.1, 0.8, 0.8))
    live.process(sheet(4, 5, side=100, at=(510, 240)))
    captions = texts(run_script(SHOW, live=live), "caption")
    assert "Largest digit: 4" in captions
    assert "One mark was left out: at the right border." in captions


def test_panel_says_that_the_video_has_stopped(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = LiveReader(recognizer)
    last = time.monotonic()
    monkeypatch.setattr("mnist_core.webcam.session.time.monotonic", lambda: last)
    live.process(sheet(3))
    app = run_script(SHOW, live=live)
    assert not app.error
    monkeypatch.setattr("mnist_core.webcam.session.time.monotonic", lambda: last + 3)
    app = run_script(SHOW, live=live)
    assert "No frame for 2 seconds" in app.error[0].value
    assert "The video has stopped." in app.get("html")[0].proto.body
    assert "frames per second" not in texts(app, "caption")


def test_panel_pauses_the_reading_when_the_run_of_the_switch_was_lost(
    recognizer: Recognizer,
) -> None:
    live = LiveReader(recognizer)
    for paused in (True, False):
        run_script(SHOW, live=live, paused=paused)
        assert live.settings.inference is not paused
