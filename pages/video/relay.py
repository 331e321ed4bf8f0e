"""The path of a video frame from the browser to the reader and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import av
import cv2
import numpy as np
from aiortc import MediaStreamTrack
from aiortc.contrib.media import MediaRelay
from aiortc.mediastreams import MediaStreamError
from streamlit.runtime import Runtime
from streamlit_webrtc import relay

from mnist_core.webcam.session import LiveReader

# Frames arrive unevenly: with this many in the queue, the oldest is not late yet.
MAX_WAITING = 2


def frame_callback(live: LiveReader) -> Callable[[av.VideoFrame], av.VideoFrame]:
    """The function that processes a frame in the video's thread; it must not call Streamlit."""

    def process(frame: av.VideoFrame) -> av.VideoFrame:
        image = frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)
        annotated = live.process(image, frame.time)
        if frame.width % 2 or frame.height % 2:
            return av.VideoFrame.from_ndarray(annotated, format="bgr24")
        # The codec's own format; OpenCV converts to it three times as fast as PyAV.
        yuv = cv2.cvtColor(annotated, cv2.COLOR_BGR2YUV_I420)
        return av.VideoFrame.from_ndarray(yuv, format="yuv420p")

    return process


class LatestFrameRelay(MediaRelay):
    """Forwards each frame once and drops late ones, where aiortc's relay queues all of them.

    On a busy machine a queue grows until the video is seconds late. And while a frame is being
    read, streamlit-webrtc sends the previous one again: the same object with a new timestamp. If
    both wait in the queue, both have the later timestamp; the receiver takes them for one frame,
    decodes half of it, and the following frames are smeared.
    """

    def subscribe(self, track: MediaStreamTrack, buffered: bool = True) -> MediaStreamTrack:
        """A track with the frames of `track` that are neither late nor repeated."""
        return _LatestFrameTrack(super().subscribe(track, buffered=True))


class _LatestFrameTrack(MediaStreamTrack):
    def __init__(self, source: MediaStreamTrack) -> None:
        super().__init__()
        self.kind = source.kind
        self._source: Any = source
        self._last: Any = None

    async def recv(self) -> Any:
        """The next frame that is neither late nor repeated."""
        frame = self._last
        try:
            while frame is self._last or self._source._queue.qsize() >= MAX_WAITING:
                frame = await self._source.recv()
        except MediaStreamError:
            self.stop()
            raise
        self._last = frame
        return frame

    def stop(self) -> None:
        """End this track and its subscription."""
        super().stop()
        self._source.stop()


def install_latest_frame_relay() -> None:
    """Make all videos of this server use a `LatestFrameRelay`.

    streamlit-webrtc has no setting for it. It stores its relay on Streamlit's runtime.
    """
    if Runtime.exists():
        runtime, name = Runtime.instance(), relay._SERVER_GLOBAL_RELAY_ATTR_NAME_
        if not isinstance(getattr(runtime, name, None), LatestFrameRelay):
            setattr(runtime, name, LatestFrameRelay())
