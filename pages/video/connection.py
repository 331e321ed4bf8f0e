"""How the video gets to the server: by WebRTC, or over the connection that the page has anyway.

WebRTC needs a way of its own through the network, which firewalls often block. Where the page
itself was loaded, the frames can come over a socket beside the page's own (`live/video`).
"""

import time
from dataclasses import dataclass

import streamlit as st

from mnist_core.errors import require_choice
from mnist_core.webcam.session import LiveReader
from pages.widgets.settings import read_settings

__all__ = [
    "VideoSettings",
    "by_page",
    "explain_failure",
    "note_start",
    "show_choice",
    "starts_at_once",
]

CONNECTIONS = {"webrtc": "WebRTC", "auto": "Automatic", "page": "This page"}
# Seconds that WebRTC may take. One that works is there within 1 s on a busy machine.
PATIENCE = 5
_BLOCKED = (
    f"**No video after {PATIENCE} seconds.** Browser and server cannot reach each other by WebRTC: "
    "they are in different networks, or a firewall is between them. The frames can take the same "
    "way as this page."
)
_NO_ANSWER = (
    f"**No reading after {PATIENCE} seconds.** The camera sends no frames, or something between "
    "browser and server refuses them. Press Stop, then Start to try again. Or read a picture below."
)


@dataclass(frozen=True, kw_only=True)
class VideoSettings:
    """Section `[video]` of the settings.

    Attributes:
        connection: what the visitors' choice begins with: "webrtc"; "page"; or "auto", which is
            WebRTC, and the page's connection if that brings no video.
    """

    connection: str = "webrtc"

    def __post_init__(self) -> None:
        require_choice("The setting 'connection'", self.connection, CONNECTIONS)


def by_page(webrtc: bool) -> bool:
    """Does the video come over the page's connection?

    Args:
        webrtc: the browser has WebRTC.

    Raises:
        MnistError: section `[video]`, or `$MNIST_VIDEO`, is wrong.
    """
    state = st.session_state
    if "connection" not in state:
        state["connection"] = read_settings(VideoSettings, "video").connection
    # A widget's value cannot be set after it was shown.
    if state.pop("connection_failed", False):
        state["connection"] = "page"
    return not webrtc or state["connection"] == "page"


def show_choice() -> None:
    """Show the choice of the connection."""
    with st.expander("Connection"):
        st.segmented_control(
            "The video comes by",
            list(CONNECTIONS),
            required=True,
            format_func=CONNECTIONS.__getitem__,
            key="connection",
            persist_state="session",
            help="WebRTC: a connection of its own, which firewalls may block. This page: the "
            "connection that this page has anyway; only the box is sent. Automatic: WebRTC, and "
            f"this page if there is no video after {PATIENCE} seconds.",
        )


def note_start() -> None:
    """Note that the video was started or stopped just now."""
    st.session_state.update(video_since=time.monotonic(), video_missing=False)


def starts_at_once() -> bool:
    """Should the video over the page's connection start by itself, since WebRTC has failed?"""
    return bool(st.session_state.get("video_restart"))


def explain_failure(live: LiveReader, running: bool, own: bool) -> None:
    """If no video comes, say so, and offer or take the page's connection.

    Args:
        live: the visitor's reader.
        running: the video was started.
        own: it comes over the page's connection.
    """
    state, seen = st.session_state, live.state
    since = state.get("video_since", time.monotonic())
    if seen.frames or seen.error:
        state["video_missing"] = False
    elif running and time.monotonic() - since > PATIENCE:
        state["video_missing"] = True
    if not state.get("video_missing"):
        return
    if own:
        st.error(_NO_ANSWER)
        return
    if state["connection"] != "auto":
        st.error(_BLOCKED)
        if not st.button(
            "Use the connection of this page instead",
            icon=":material/sync_alt:",
            type="primary",
            key="take_page",
        ):
            return
    live.restart()
    note_start()
    state.update(connection_failed=True, video_restart=True)
    st.rerun()
