"""The camera's video whose frames the browser sends over a socket of its own, without WebRTC."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from mnist_core.inference.annotation import DIGIT_COLOR
from mnist_core.webcam.session import LiveReader
from pages.video import connection

__all__ = ["show"]

_FILE = Path(__file__)
_component = st.components.v2.component(
    "digit_lab_live_video",
    js=_FILE.with_suffix(".js").read_text("utf-8"),
    css=_FILE.with_suffix(".css").read_text("utf-8"),
    isolate_styles=False,  # the texts have the page's font
)


def show(live: LiveReader, camera: Mapping[str, Any], texts: Mapping[str, object]) -> bool:
    """Show the video with its buttons; return whether it runs or is starting.

    Args:
        live: the visitor's reader, whose settings the first frame follows.
        camera: constraints for the camera, in the browser's format.
        texts: what the component says, by the names that streamlit-webrtc uses.
    """
    state, context = st.session_state, get_script_run_ctx()
    start = connection.starts_at_once()
    result = _component(
        key="live_video",
        data={
            "session": context.session_id if context else "",
            "roi": live.settings.roi,
            "mirror": live.settings.mirror,
            "camera": camera,
            "texts": texts,
            "color": DIGIT_COLOR,
            "start": start,
        },
        on_video_change=connection.note_start,
    )
    video = result.get("video")  # "on" or "off"; None until the browser has said so
    if video is not None:
        state["video_restart"] = False
    return bool(start if video is None else video == "on")
