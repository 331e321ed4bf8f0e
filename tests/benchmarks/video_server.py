"""The Webcam page's server without the page: one streamlit-webrtc worker per viewer.

A frame takes the same steps as in the app: aiortc receives and decodes it, the page's callback
reads and annotates it in a thread of the worker, aiortc encodes and sends it. All viewers share one
recognizer; each has a reader.
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

# Of an answer to a viewer's offer, seconds.
TIMEOUT = 30


def run(pipe: Connection, model: str | None, latest: bool) -> None:
    """Run the server's process until the other end of the pipe is closed.

    Commands: ("offer", sdp, type) adds a viewer and returns the answer, (sdp, type); ("counts",)
    returns `counts`.

    Args:
        pipe: receives the commands.
        model: a folder of models/; None: the default model.
        latest: use the page's relay; False: aiortc's, the default of streamlit-webrtc.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process ends this one
    recognizer = load_recognizer(model)
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    relay = LatestFrameRelay() if latest else MediaRelay()
    readers: list[LiveReader] = []
    workers: list[WebRtcWorker[Any, Any]] = []
    while True:
        try:
            command, *values = pipe.recv()
        except EOFError:
            break
        if command == "offer":
            readers.append(LiveReader(recognizer))
            workers.append(make_worker(readers[-1], loop, relay))
            answer = workers[-1].process_offer(*values, timeout=TIMEOUT)
            pipe.send((answer.sdp, answer.type))
        else:
            pipe.send(counts(readers))
    for worker in workers:
        worker.stop()
    os._exit(0)


def make_worker(
    live: LiveReader, loop: asyncio.AbstractEventLoop, relay: MediaRelay
) -> WebRtcWorker[Any, Any]:
    """The worker that `webrtc_streamer` creates when a visitor presses Start."""
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
    """The viewers' counts since they started; `milliseconds` per frame of the last frames."""
    states = [live.state for live in readers]
    return {
        "clock": time.perf_counter(),
        "cpu": time.process_time(),
        "read": [state.frames for state in states],
        "skipped": sum(state.skipped for state in states),
        "milliseconds": [state.milliseconds for state in states],
        "readings": [state.result.reading if state.result else "" for state in states],
    }
