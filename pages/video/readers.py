"""Each visitor's reader of video, which the page and the server's socket share."""

from __future__ import annotations

from weakref import WeakValueDictionary

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from mnist_core import Recognizer
from mnist_core.webcam.session import LiveReader

__all__ = ["own_reader", "reader_of"]

# By the ID of the session, which owns its reader: both end together.
_readers: WeakValueDictionary[str, LiveReader] = WeakValueDictionary()


def own_reader(recognizer: Recognizer) -> LiveReader:
    """The reader of the visitor whose page runs; the model is shared by all visitors."""
    live: LiveReader = st.session_state.setdefault("webcam_reader", LiveReader(recognizer))
    live.recognizer = recognizer
    if context := get_script_run_ctx():
        _readers[context.session_id] = live
    return live


def reader_of(session: str) -> LiveReader | None:
    """The reader of the visitor with this session; None before he has opened the Webcam page."""
    return _readers.get(session)
