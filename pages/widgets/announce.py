"""Tells screen readers what was read."""

from pathlib import Path

import streamlit as st

__all__ = ["announce"]

_CSS = ".announced { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; \
clip-path: inset(50%); }"
_component = st.components.v2.component(
    "digit_lab_announce", js=Path(__file__).with_suffix(".js").read_text("utf-8"), css=_CSS
)


def announce(number: str, key: str) -> None:
    """Say a number in a polite live region, which is invisible; "" says nothing.

    Call it while there is nothing to say, too: a region must exist before its text changes.
    """
    _component(data={"text": number and f"Read: {number}"}, key=key, height=0)
