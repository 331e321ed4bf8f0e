"""The button that creates a file when pressed: the file in the browser, and the messages."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

BUTTON = """
import threading
import streamlit as st
from mnist_core import MnistError
from pages.widgets.save_button import save_button
made, ready = (st.session_state.setdefault(key, kind()) for key, kind in
               (("made", list), ("ready", threading.Event)))
def make():
    made.append("one")
    {make}
save_button("Save", make, "some.bin", key="some", icon=":material/download:", nothing="No file.")
"""


def run(make: str) -> AppTest:
    app = AppTest.from_string(BUTTON.format(make=make), default_timeout=60).run()
    assert not app.exception
    return app


def sent(app: AppTest) -> list[dict[str, Any]]:
    return [json.loads(component.proto.json) for component in app.get("bidi_component")]


def test_save_button_creates_the_file_when_pressed_and_sends_it_once() -> None:
    app = run('return b"\\x00\\xff content"')
    assert not app.session_state["made"]
    assert not sent(app)
    app.button(key="some").click().run()
    assert len(app.session_state["made"]) == 1
    (first,) = sent(app)
    assert base64.b64decode(first["content"]) == b"\x00\xff content"
    assert (first["name"], first["mime"]) == ("some.bin", "application/octet-stream")
    # A second press sends another file; the browser saves each number once.
    app.button(key="some").click().run()
    (second,) = sent(app)
    assert second["number"] > first["number"]


def test_save_button_sends_nothing_without_content() -> None:
    app = run("return None")
    app.button(key="some").click().run()
    assert not sent(app)
    assert not app.error
    assert [toast.value for toast in app.toast] == ["No file."]


@pytest.mark.parametrize("error", ['MnistError("No room.")', 'OSError("No room.")'])
def test_save_button_explains_an_error_and_discards_the_last_file(error: str) -> None:
    make = f"""if len(made) == 1: return b"first"
    raise {error}"""
    app = run(make)
    app.button(key="some").click().run()
    assert sent(app)
    app.button(key="some").click().run()
    assert [message.value for message in app.error] == ["The file could not be created: No room."]
    assert not sent(app)


def test_save_button_sends_a_slow_file_later_while_the_page_stays_usable() -> None:
    app = run('ready.wait(60); return b"late"')
    app.button(key="some").click().run()
    assert not sent(app)
    assert "Creating the file" in app.caption[0].value
    app.run()  # any other click
    assert not sent(app)
    app.session_state["ready"].set()
    app.run()
    (file,) = sent(app)
    assert base64.b64decode(file["content"]) == b"late"
    assert len(app.session_state["made"]) == 1
    assert not app.caption
