"""The panel beside the video: the reading, probabilities, statistics and history."""

from dataclasses import asdict, replace

import cv2
import numpy as np
import streamlit as st

from mnist_core import Digit
from mnist_core.charts.probabilities import probability_bars
from mnist_core.webcam.session import LiveReader, LiveState
from pages.video import connection
from pages.widgets.announce import announce
from pages.widgets.gallery import data_url
from pages.widgets.save_button import save_button
from pages.widgets.show_errors import plain

INTERRUPTED = (
    "**No frame for 2 seconds.** The camera was unplugged, another program took it, or the "
    "connection was lost. Check the camera; then press Stop and Start. When frames arrive again, "
    "reading continues automatically."
)


def show(live: LiveReader, running: bool, own: bool = False) -> None:
    """Show the panel; it is updated while the video runs.

    Args:
        live: the visitor's reader.
        running: the video was started.
        own: it comes over the page's own connection.
    """
    live.settings = replace(live.settings, inference=not st.session_state.get("paused"))
    state = live.state
    with st.container(key="live_reading"):
        st.html(_reading_html(state, running, live.settings.inference))
    announce(state.result.reading if running and state.result else "", key="webcam_said")
    with st.container():  # always there, so that what follows stays the same element
        connection.explain_failure(live, running, own)
        if running and state.interrupted:
            st.error(INTERRUPTED)
        if state.error:
            st.error(plain(state.error))
    # The chart is always there, so that the layout does not jump.
    result = state.result if running else None
    digits = [digit for digit in result.digits if digit.is_digit] if result else []
    largest = max(digits, key=lambda digit: digit.box[2] * digit.box[3], default=None)
    shown = f" Largest digit: {_describe(largest)}" if largest else ""
    note = f" · **{result.note}**" if result and result.note else ""
    st.caption(f"A bar for the probability of each digit.{shown}{note}")
    st.plotly_chart(
        probability_bars(largest.probabilities if largest else np.zeros(10, np.float32)),
        key="live_bars",
        config={"displayModeBar": False},
        alt="Probabilities of the ten digits for the largest digit in the box.",
    )
    if result:
        st.caption(
            f"{state.fps:.0f} frames per second · {state.milliseconds:.1f} ms per frame · "
            f"{state.skipped} frames skipped"
        )
        # A data URL: four images a second would fill the server's media store.
        alt = "The box after thresholding; ink is white."
        with st.container(key="processed"):
            st.html(f'<img src="{data_url(result.ink)}" alt="{alt}">')
    if state.history:
        _show_history(live, state)


def _describe(digit: Digit) -> str:
    return ", ".join(text for text in (str(digit.label), digit.remark) if text)


def show_snapshot_button(live: LiveReader) -> None:
    """Show the button that saves the current frame with its overlay."""

    def make() -> bytes | None:
        result = live.state.result
        return cv2.imencode(".png", result.annotated)[1].tobytes() if result else None

    save_button(
        "Save snapshot",
        make,
        "snapshot.png",
        "image/png",
        key="snapshot",
        icon=":material/photo_camera:",
        help="Save the current frame with its boxes as a PNG.",
        nothing="There is no frame yet. Press again when the video runs.",
    )


def _reading_html(state: LiveState, running: bool, inference: bool) -> str:
    """The reading as HTML, or a hint on how to get one."""
    if not running:
        hint = "Press Start and hold a digit inside the box."
    elif state.interrupted:
        hint = "The video has stopped."
    elif not inference:
        hint = "Paused."
    elif state.result is None:
        hint = "Connecting …"
    elif state.result.reading:
        return f"<p>{state.result.reading}</p>"
    else:
        hint = "Hold a digit or a number inside the box."
    return f'<p class="invitation">{hint}</p>'


def _show_history(live: LiveReader, state: LiveState) -> None:
    """Show the last numbers read, the newest first."""
    with st.container(key="history"):
        st.dataframe(
            [asdict(past) for past in state.history],
            column_order=("at", "reading", "confidence"),
            column_config={
                "at": st.column_config.DatetimeColumn(
                    "Time", format="HH:mm:ss", timezone=st.context.timezone
                ),
                "reading": "Number",
                "confidence": st.column_config.NumberColumn("Confidence", format="percent"),
            },
            hide_index=True,
            height=min(250, 38 + 35 * len(state.history)),
        )
    st.button(
        "Clear history",
        icon=":material/delete:",
        key="forget",
        on_click=live.clear_history,
        help="Forget the numbers read so far.",
    )
