"""Video frames on their way through the relay and the reader."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from fractions import Fraction

import av
import numpy as np
import pytest
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from support.sheets import sheet

from mnist_core import load_recognizer
from mnist_core.webcam.session import LiveReader
from pages.video.relay import MAX_WAITING, LatestFrameRelay, frame_callback


class FixedTrack(MediaStreamTrack):
    """A track that yields these frames at once; after that it ends or waits forever."""

    kind = "video"

    def __init__(self, frames: Sequence[object], ends: bool = True) -> None:
        super().__init__()
        self._frames, self._ends = list(frames), ends

    async def recv(self) -> object:
        if self._frames:
            return self._frames.pop(0)
        if self._ends:
            raise MediaStreamError
        return await asyncio.Future()


async def collect(track: MediaStreamTrack) -> list[object]:
    frames = []
    try:
        while True:
            frames.append(await track.recv())
    except MediaStreamError:
        return frames


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ("", ""),
        ("a", "a"),
        ("ab", "b"),  # the end of the track counts as waiting
        ("aaaa", "a"),
        ("abcdefg", "g"),
        ("abcdeff", "f"),
        ("abcdefff", "f"),
    ],
)
def test_relay_drops_late_and_repeated_frames(frames: str, expected: str) -> None:
    """All frames arrive at once, so all but the last ones are late."""

    async def play() -> tuple[list[object], MediaStreamTrack]:
        track = LatestFrameRelay().subscribe(FixedTrack(frames))
        return await collect(track), track

    received, track = asyncio.run(play())
    assert "".join(map(str, received)) == expected
    assert track.readyState == "ended"


def test_relay_forwards_each_punctual_frame_once() -> None:
    class SteadyTrack(FixedTrack):
        async def recv(self) -> object:
            await asyncio.sleep(0.001)
            return await super().recv()

    async def play() -> list[object]:
        return await collect(LatestFrameRelay().subscribe(SteadyTrack("aabcccdeef")))

    # The end of the track may overtake the last frames.
    assert "".join(map(str, asyncio.run(play()))).startswith("abcd")


def test_relay_keeps_only_a_few_frames_for_a_slow_receiver() -> None:
    async def play() -> list[object]:
        track = LatestFrameRelay().subscribe(FixedTrack(range(100), ends=False))
        return [await asyncio.wait_for(track.recv(), 5) for _ in range(MAX_WAITING)]

    assert asyncio.run(play()) == list(range(100))[-MAX_WAITING:]


def test_relay_ends_a_stopped_track_and_continues_the_others() -> None:
    async def play() -> tuple[list[str], object]:
        relay, source, events = LatestFrameRelay(), FixedTrack("ab", ends=False), []
        one, other = relay.subscribe(source), relay.subscribe(source)
        one.on("ended", lambda: events.append("ended"))
        one.stop()
        with pytest.raises(MediaStreamError):
            await one.recv()
        return events, await asyncio.wait_for(other.recv(), 5)

    events, frame = asyncio.run(play())
    assert events == ["ended"]
    assert frame in ("a", "b")


@pytest.mark.parametrize(("width", "height"), [(640, 480), (641, 480), (640, 479), (1, 1)])
def test_frame_callback_returns_the_annotated_frame(width: int, height: int) -> None:
    live = LiveReader(load_recognizer())
    picture = sheet(4, 7, side=120, width=width, height=height)
    picture[:, : width // 8] = (200, 40, 40)  # blue stays blue
    frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
    frame.pts, frame.time_base = 3, Fraction(1, 30)
    drawn = frame_callback(live)(frame)
    assert (drawn.width, drawn.height) == (width, height)
    result = live.state.result
    assert result is not None
    assert result.reading == ("47" if width > 1 else "")
    # YUV 4:2:0 halves the resolution of colors, which blurs their edges.
    difference = np.abs(drawn.to_ndarray(format="bgr24").astype(int) - result.annotated)
    assert np.median(difference) <= 3
    assert (
        np.abs(drawn.to_ndarray(format="bgr24")[:, : width // 9].astype(int) - [200, 40, 40]).max(
            initial=0
        )
        <= 6
    )
