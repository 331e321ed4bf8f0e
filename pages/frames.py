"""A frame of a visitor's video, from the browser and back to it."""

from __future__ import annotations

from collections.abc import Callable

import av

from mnist_core.live import LiveReader


def frame_callback(live: LiveReader) -> Callable[[av.VideoFrame], av.VideoFrame]:
    """What the video's own thread does with each frame: nothing of Streamlit's is touched there."""

    def on_frame(frame: av.VideoFrame) -> av.VideoFrame:
        annotated = live.process(frame.to_ndarray(format="bgr24"), frame.time)
        return av.VideoFrame.from_ndarray(annotated, format="bgr24")

    return on_frame
