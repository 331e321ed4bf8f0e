"""A button that makes a file when pressed: what it sends to the browser, and what it says."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

BUTTON = """
import streamlit as st
from mnist_core import MnistError
from pages.save_button import save_button
def make():
    st.session_state["times"] = st.session_state.get("times", 0) + 1
    {make}
save_button("Save", make, "some.bin", key="some", icon=":material/download:")
"""


def run(make: str) -> AppTest:
    app = AppTest.from_string(BUTTON.format(make=make), default_timeout=60).run()
    assert not app.exception
    return app


def sent(app: AppTest) -> list[dict[str, Any]]:
    return [json.loads(component.proto.json) for component in app.get("bidi_component")]


def test_a_file_is_made_when_the_button_is_pressed_and_sent_with_its_name() -> None:
    app = run('return b"\\x00\\xff content"')
    assert "times" not in app.session_state
    assert not sent(app)
    app.button(key="some").click().run()
    assert app.session_state["times"] == 1
    (first,) = sent(app)
    assert base64.b64decode(first["content"]) == b"\x00\xff content"
    assert (first["name"], first["mime"]) == ("some.bin", "application/octet-stream")
    # Pressed again it is another file; the browser saves each number once.
    app.button(key="some").click().run()
    (second,) = sent(app)
    assert second["number"] > first["number"]


def test_a_file_of_nothing_is_not_sent() -> None:
    app = run("return None")
    app.button(key="some").click().run()
    assert app.session_state["times"] == 1
    assert not sent(app)
    assert not app.error


@pytest.mark.parametrize("error", ['MnistError("No room.")', 'OSError("No room.")'])
def test_what_cannot_be_made_says_why_and_takes_the_last_file_away(error: str) -> None:
    make = f"""if st.session_state["times"] == 1: return b"first"
    raise {error}"""
    app = run(make)
    app.button(key="some").click().run()
    assert sent(app)
    app.button(key="some").click().run()
    assert [message.value for message in app.error] == ["It could not be made: No room."]
    assert not sent(app)


def test_what_was_made_in_a_run_that_was_cut_off_is_sent_by_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = run('return b"kept"')

    @contextmanager
    def cut_off(text: str) -> Iterator[None]:
        yield
        st.rerun()  # as of a click on something else while the file was made

    monkeypatch.setattr(st, "spinner", cut_off)
    app.button(key="some").click().run()
    assert app.session_state["times"] == 1
    (file,) = sent(app)
    assert base64.b64decode(file["content"]) == b"kept"
