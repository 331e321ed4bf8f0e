"""A note with a link, if the page is shown in a frame of another site."""

from pathlib import Path

import streamlit as st

__all__ = ["show_note"]

_CSS = """
/* Without a note the element takes no room. */
.st-key-framed:not(:has(.framed)) { display: none; }
.framed { margin: 0; padding: .75rem 1rem; border-radius: var(--st-base-radius);
  background: var(--st-secondary-background-color); }
.framed a { color: var(--st-link-color); }
"""
_component = st.components.v2.component(
    "digit_lab_framed",
    js=Path(__file__).with_suffix(".js").read_text("utf-8"),
    css=_CSS,
    isolate_styles=False,
)


def show_note() -> None:
    """Show the note in a frame of another site; nothing elsewhere."""
    _component(key="framed")
