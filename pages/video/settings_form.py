"""The form of the settings with which the video is read."""

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
            width = st.slider(
                "Width (%)",
                5,
                100,
                round(100 * default.roi[2]),
                key="roi_width",
                persist_state="session",
                help="Width of the box, in percent of the video.",
            )
            x = st.slider(
                "Horizontal position (%)",
                0,
                100,
                50,
                key="roi_x",
                persist_state="session",
                help="50: centered.",
            )
        with right:
            height = st.slider(
                "Height (%)",
                5,
                100,
                round(100 * default.roi[3]),
                key="roi_height",
                persist_state="session",
                help="Height of the box, in percent of the video.",
            )
            y = st.slider(
                "Vertical position (%)",
                0,
                100,
                50,
                key="roi_y",
                persist_state="session",
                help="50: centered.",
            )
    live.settings = WebcamSettings(
        inference=not st.session_state["paused"],
        roi=((100 - width) * x / 10_000, (100 - height) * y / 10_000, width / 100, height / 100),
        threshold=None if automatic else threshold,
        ink=ink,
        smoothing=smoothing,
        mirror=mirror,
    )
