"""Corrections of a reading, without a browser."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from support.apps import button_group, press, replace_canvas, run_page, texts
from support.own_strokes import OWN_STROKES
from support.strokes import drawn_digit

from mnist_core import Digit, load_recognizer
from mnist_core.corrections.store import CorrectionStore
from mnist_core.data import NOT_A_DIGIT
from mnist_core.webcam.session import LiveReader
from mnist_core.webcam.settings import WebcamSettings

READ_AS_4 = "Read as a 4. Correct answer:"


def draw_a_4(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The Draw page of a new visitor, who has drawn a 4."""
    replace_canvas(monkeypatch, drawn_digit(OWN_STROKES[4]), "a 4")
    return run_page("draw", model="cnn")


def test_correction_saves_the_frame_with_its_label(
    monkeypatch: pytest.MonkeyPatch, store: CorrectionStore
) -> None:
    app = draw_a_4(monkeypatch)
    pills = button_group(app, READ_AS_4)
    assert pills.options == [*"012356789", "non-digit"]
    assert not store.path.exists()
    pills.set_value(9).run()
    assert not app.exception
    (correction,) = store.find()
    card = load_recognizer("cnn").card
    assert (correction.label, correction.guess, correction.source) == (9, 4, "draw")
    assert (correction.model, correction.model_sha256) == ("cnn", card.digest)
    assert correction.confidence is not None
    assert correction.confidence > 0.5
    assert correction.frame.any()
    assert "Saved as **9**" in texts(app, "markdown")
    # The choice is not shown again for this frame, however often it is read.
    app.run()
    assert not [group for group in app.get("button_group") if group.label.startswith("Read as")]
    assert store.counts() == {9: 1}

    press(app, "undo_")
    assert store.counts() == {}
    assert "Saved as" not in texts(app, "markdown")
    button_group(app, READ_AS_4).set_value(NOT_A_DIGIT).run()
    assert "Saved as **non-digit**" in texts(app, "markdown")
    assert store.counts() == {NOT_A_DIGIT: 1}


def test_corrections_of_the_same_frame_by_several_visitors_count_once(
    monkeypatch: pytest.MonkeyPatch, store: CorrectionStore
) -> None:
    for label in (9, 9, 7):
        app = draw_a_4(monkeypatch)
        button_group(app, READ_AS_4).set_value(label).run()
    assert store.counts() == {7: 1}
    # Undo restores the label of the visitor before.
    press(app, "undo_")
    assert store.counts() == {9: 1}


def test_correction_explains_a_damaged_store(
    monkeypatch: pytest.MonkeyPatch, store: CorrectionStore
) -> None:
    store.path.write_bytes(b"Seven. " * 400)
    app = draw_a_4(monkeypatch)
    button_group(app, READ_AS_4).set_value(9).run()
    assert not app.exception
    assert "damaged" in app.error[0].value
    assert "Saved as" not in texts(app, "markdown")


def test_live_correction_uses_the_digits_at_the_moment_of_the_press(
    store: CorrectionStore,
) -> None:
    def page() -> None:
        import streamlit as st

        from pages.widgets import correct

        correct.show_live(st.session_state["live"])

    live = LiveReader(load_recognizer("cnn"))
    live.settings = WebcamSettings(roi=(0.0, 0.0, 1.0, 1.0), smoothing=1)
    frame = 255 - cv2.copyMakeBorder(drawn_digit(OWN_STROKES[4]), 100, 100, 180, 180, 0)
    live.process(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
    assert live.state.result is not None
    digits: list[Digit] = live.state.result.digits
    app = AppTest.from_function(page, default_timeout=60)
    app.session_state["live"] = live
    app.run()
    assert not app.exception
    assert not app.get("button_group")
    # AppTest cannot press a popover: set what the press sets.
    app.session_state["live_digits"] = (live.recognizer.card, digits)
    app.session_state["live_wrong"] = True
    app.run()
    assert not app.exception
    button_group(app, READ_AS_4).set_value(9).run()
    (correction,) = store.find()
    assert (correction.label, correction.guess) == (9, 4)
    assert (correction.source, correction.model) == ("webcam", "cnn")
    assert np.array_equal(correction.frame, digits[0].frame)
