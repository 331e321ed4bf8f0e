"""The Webcam page's server without its page: streamlit-webrtc's own worker for each viewer.

What happens to a frame is what happens in the app: aiortc receives and decodes it, the page's own
callback reads it and draws on it in a thread of the worker's, aiortc encodes and sends it. One
recognizer serves all, each viewer has a reader.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

from aiortc import RTCConfiguration
from aiortc.contrib.media import MediaRelay
from streamlit_webrtc import WebRtcMode
from streamlit_webrtc.webrtc import WebRtcWorker

from mnist_core import load_recognizer
from mnist_core.webcam.session import LiveReader
from pages.video.relay import LatestFrameRelay, frame_callback

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

PATIENCE = 30


def run(pipe: Connection, model: str | None, newest: bool) -> None:
    """The process of the server, until the other end of the pipe is closed.

    Frames go by the page's relay, or (not `newest`) by aiortc's, as streamlit-webrtc would have it.

    It is told ("offer", sdp, type) and gives the answer to a new viewer, (sdp, type); ("counts",)
    and gives `counts`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it ends it
    recognizer = load_recognizer(model)
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    relay = LatestFrameRelay() if newest else MediaRelay()
    readers: list[LiveReader] = []
    workers: list[WebRtcWorker[Any, Any]] = []
    while True:
        try:
            command, *values = pipe.recv()
        except EOFError:
            break
        if command == "offer":
            readers.append(LiveReader(recognizer))
            workers.append(worker(readers[-1], loop, relay))
            answer = workers[-1].process_offer(*values, timeout=PATIENCE)
            pipe.send((answer.sdp, answer.type))
        else:
            pipe.send(counts(readers))
    for one in workers:
        one.stop()
    os._exit(0)


def worker(
    live: LiveReader, loop: asyncio.AbstractEventLoop, relay: MediaRelay
) -> WebRtcWorker[Any, Any]:
    """What `webrtc_streamer` makes for a visitor who presses Start, with its defaults."""
    return WebRtcWorker(
        mode=WebRtcMode.SENDRECV,
        rtc_configuration=RTCConfiguration(iceServers=[]),
        source_video_track=None,
        source_audio_track=None,
        sink_video_track=None,
        sink_audio_track=None,
        player_factory=None,
        in_recorder_factory=None,
        out_recorder_factory=None,
        video_frame_callback=frame_callback(live),
        audio_frame_callback=None,
        queued_video_frames_callback=None,
        queued_audio_frames_callback=None,
        on_video_ended=None,
        on_audio_ended=None,
        video_processor_factory=None,
        audio_processor_factory=None,
        async_processing=True,
        video_receiver_size=4,
        audio_receiver_size=4,
        sendback_video=True,
        sendback_audio=True,
        loop=loop,
        relay=relay,
    )


def counts(readers: list[LiveReader]) -> dict[str, Any]:
    """How the viewers stand, since they began; `milliseconds` a frame, of the last ones."""
    states = [live.state for live in readers]
    return {
        "clock": time.perf_counter(),
        "cpu": time.process_time(),
        "read": [state.frames for state in states],
        "skipped": sum(state.skipped for state in states),
        "milliseconds": [state.milliseconds for state in states],
        "readings": [state.result.reading if state.result else "" for state in states],
    }
