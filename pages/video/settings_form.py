"""The form of the settings with which the video is read."""

from dataclasses import replace

import streamlit as st

from mnist_core.webcam.session import LiveReader
from mnist_core.webcam.settings import WebcamSettings
from pages.widgets.reading import ink_control


@st.fragment
def show(live: LiveReader) -> None:
    """Show the form. A change applies to the next frame."""
    default = WebcamSettings()
    with st.container(horizontal=True, vertical_alignment="center"):
        automatic = st.toggle(
            "Automatic threshold",
            value=True,
            key="automatic",
            persist_state="session",
            help="Find the ink in every frame without a fixed grey level.",
        )
        mirror = st.toggle(
            "Mirror", key="mirror", persist_state="session", help="Show the video mirrored."
        )
    threshold = st.slider(
        "Threshold",
        0,
        255,
        110,
        key="threshold",
        persist_state="session",
        disabled=automatic,
        help="The grey level that separates ink from paper. The picture of the box shows its "
        "effect.",
    )
    with st.container(horizontal=True):
        ink = ink_control(key="ink")
        smoothing = st.slider(
            "Smoothing (frames)",
            1,
            30,
            default.smoothing,
            key="smoothing",
            persist_state="session",
            width=220,
            help="The number of frames that vote on the reading. More frames: steadier, but "
            "slower to follow. 1: no smoothing.",
        )
    with st.expander("Box"):
        st.caption("Only digits completely inside the box are read.")
        left, right = st.columns(2)
        with left:
            x, width = show_extent("Width", "Horizontal", "roi_width", "roi_x", default.roi[2])
        with right:
            y, height = show_extent("Height", "Vertical", "roi_height", "roi_y", default.roi[3])
    live.settings = replace(
        live.settings,
        roi=(x, y, width, height),
        threshold=None if automatic else threshold,
        ink=ink,
        smoothing=smoothing,
        mirror=mirror,
    )


def show_extent(
    side: str, direction: str, side_key: str, place_key: str, initial: float
) -> tuple[float, float]:
    """Show the length and place of one side of the box; return its start and length, 0 to 1."""
    length = st.slider(
        f"{side} (%)",
        5,
        100,
        round(100 * initial),
        key=side_key,
        persist_state="session",
        help=f"{side} of the box, in percent of the video.",
    )
    place = st.slider(
        f"{direction} position (%)",
        0,
        100,
        50,
        key=place_key,
        persist_state="session",
        help="50: centered.",
    )
    return (100 - length) * place / 10_000, length / 100
