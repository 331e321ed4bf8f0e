"""What becomes of a video's frames between the browser, the reader and the browser."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from fractions import Fraction

import av
import numpy as np
import pytest
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from sheets import sheet

from mnist_core import load_recognizer
from mnist_core.live import LiveReader
from pages.frames import WAITING, NewestRelay, frame_callback


class Given(MediaStreamTrack):
    """A track of what is given, all at once; then it ends, or waits if it is told to."""

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


async def all_of(track: MediaStreamTrack) -> list[object]:
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
        ("ab", "b"),  # the end waits too
        ("aaaa", "a"),
        ("abcdefg", "g"),
        ("abcdeff", "f"),
        ("abcdefff", "f"),
    ],
)
def test_what_is_late_or_known_is_left_out(frames: str, expected: str) -> None:
    """All frames come at once here: only the last ones are not late."""

    async def play() -> tuple[list[object], MediaStreamTrack]:
        track = NewestRelay().subscribe(Given(frames))
        return await all_of(track), track

    given, track = asyncio.run(play())
    assert "".join(map(str, given)) == expected
    assert track.readyState == "ended"


def test_frames_in_time_all_come_and_none_twice() -> None:
    class Even(Given):
        async def recv(self) -> object:
            await asyncio.sleep(0.001)
            return await super().recv()

    async def play() -> list[object]:
        return await all_of(NewestRelay().subscribe(Even("aabcccdeef")))

    # The very last ones may be overtaken by the end.
    assert "".join(map(str, asyncio.run(play()))).startswith("abcd")


def test_no_more_than_a_few_wait_for_a_slow_one() -> None:
    async def play() -> list[object]:
        track = NewestRelay().subscribe(Given(range(100), ends=False))
        return [await asyncio.wait_for(track.recv(), 5) for _ in range(WAITING)]

    assert asyncio.run(play()) == list(range(100))[-WAITING:]


def test_who_stops_is_told_and_others_go_on() -> None:
    async def play() -> tuple[list[str], object]:
        relay, source, told = NewestRelay(), Given("ab", ends=False), []
        one, other = relay.subscribe(source), relay.subscribe(source)
        one.on("ended", lambda: told.append("ended"))
        one.stop()
        with pytest.raises(MediaStreamError):
            await one.recv()
        return told, await asyncio.wait_for(other.recv(), 5)

    told, frame = asyncio.run(play())
    assert told == ["ended"]
    assert frame in ("a", "b")


def test_a_frame_is_read_and_drawn_on() -> None:
    live = LiveReader(load_recognizer())
    picture = sheet(4, 7, side=120)
    frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")
    frame.pts, frame.time_base = 3, Fraction(1, 30)
    drawn = frame_callback(live)(frame)
    assert (drawn.width, drawn.height) == (640, 480)
    assert live.state.result is not None
    assert live.state.result.reading == "47"
    difference = np.abs(drawn.to_ndarray(format="bgr24").astype(int) - picture)
    assert difference.max() > 100
