"""A frame of a visitor's video, from the browser and back to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import av
import cv2
from aiortc import MediaStreamTrack
from aiortc.contrib.media import MediaRelay
from aiortc.mediastreams import MediaStreamError
from streamlit.runtime import Runtime
from streamlit_webrtc import relay

from mnist_core.webcam.session import LiveReader

# So many frames may wait: frames do not come evenly, and those that come together are not late.
WAITING = 2


def frame_callback(live: LiveReader) -> Callable[[av.VideoFrame], av.VideoFrame]:
    """What the video's own thread does with each frame: nothing of Streamlit's is touched there."""

    def on_frame(frame: av.VideoFrame) -> av.VideoFrame:
        annotated = live.process(frame.to_ndarray(format="bgr24"), frame.time)
        if frame.width % 2 or frame.height % 2:
            return av.VideoFrame.from_ndarray(annotated, format="bgr24")
        # What the codec wants; OpenCV makes it in a third of the time that PyAV takes.
        coded = cv2.cvtColor(annotated, cv2.COLOR_BGR2YUV_I420)
        return av.VideoFrame.from_ndarray(coded, format="yuv420p")

    return on_frame


class NewestRelay(MediaRelay):
    """Hands each frame on once, and none that is late, where aiortc's relay lets all of them wait.

    A queue grows as long as the machine has more to do than it can, and the video is seconds late.
    And while a frame is read, streamlit-webrtc sends the one before once more, which is the same
    object with another time: of two that wait, both have the later time then. Whoever receives them
    takes them for one frame, decodes half of it, and what follows is smeared.
    """

    def subscribe(self, track: MediaStreamTrack, buffered: bool = True) -> MediaStreamTrack:
        """A track that gives what `track` gives, as long as it is asked for in time."""
        return _Newest(super().subscribe(track, buffered=True))


class _Newest(MediaStreamTrack):
    """The frames of a relay's track, but for what is old or was given already."""

    def __init__(self, source: MediaStreamTrack) -> None:
        super().__init__()
        self.kind = source.kind
        self._source: Any = source
        self._last: Any = None

    async def recv(self) -> Any:
        """The next frame that is worth sending."""
        frame = self._last
        try:
            while frame is self._last or self._source._queue.qsize() >= WAITING:
                frame = await self._source.recv()
        except MediaStreamError:
            self.stop()
            raise
        self._last = frame
        return frame

    def stop(self) -> None:
        """Give nothing any more; the relay stops asking for this one."""
        super().stop()
        self._source.stop()


def send_the_newest() -> None:
    """Let all videos of this server go by a `NewestRelay`.

    streamlit-webrtc cannot be told so. It keeps its relay at Streamlit's runtime, once it has one.
    """
    if Runtime.exists():
        runtime, name = Runtime.instance(), relay._SERVER_GLOBAL_RELAY_ATTR_NAME_
        if not isinstance(getattr(runtime, name, None), NewestRelay):
            setattr(runtime, name, NewestRelay())
