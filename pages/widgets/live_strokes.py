"""The reading of a drawing while the pen moves, which the browser gets over a socket of its own."""

from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from mnist_core.charts.style import HIGHLIGHT, MUTED

_FILE = Path(__file__)
_component = st.components.v2.component(
    "digit_lab_live_strokes",
    js=_FILE.with_suffix(".js").read_text("utf-8"),
    css=_FILE.with_suffix(".css").read_text("utf-8"),
    isolate_styles=False,  # it covers parts of the page
)


def cover(number: str, drawn: int) -> str:
    """The page's own reading as HTML, with a place before it for that of an unfinished stroke.

    A reading of more strokes is new HTML, whose place is empty: the browser shows it as soon as it
    arrives, and need not wait for the cards.

    Args:
        number: the reading as HTML.
        drawn: the number of strokes that it has read, also those removed since.
    """
    return f'<p class="live" aria-hidden="true" data-drawn="{drawn}"></p>{number}'


def show(said: str, *, model: str, drawn: int, live: bool, most: int) -> None:
    """Let the browser show what it draws, and say what the page has read.

    Args:
        said: the page's own reading, for a screen reader; "" for none.
        model: the model that reads.
        drawn: the number of strokes that the page has read, also those removed since: it grows
            with each stroke, whatever else the same run of the page does.
        live: read while the pen moves, too.
        most: the largest number of cards.
    """
    state, context = st.session_state, get_script_run_ctx()
    # Each run of the page reaches the browser, also one that changes nothing.
    state["live_runs"] = state.get("live_runs", 0) + 1
    _component(
        key="live_strokes",
        data={
            "session": context.session_id if context else "",
            "model": model,
            "drawn": drawn,
            "said": said,
            "live": live,
            "most": most,
            "colors": [HIGHLIGHT, MUTED],
            "run": state["live_runs"],
        },
    )
