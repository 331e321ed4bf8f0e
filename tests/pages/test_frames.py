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
from support.sheets import sheet

from mnist_core import load_recognizer
from mnist_core.webcam.session import LiveReader
from pages.video.relay import WAITING, NewestRelay, frame_callback


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


@pytest.mark.parametrize(("width", "height"), [(640, 480), (641, 480), (640, 479), (1, 1)])
def test_a_frame_comes_back_as_it_was_drawn_on(width: int, height: int) -> None:
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
    # Colors have half as many pixels as grey levels have, so edges of colors are blurred.
    difference = np.abs(drawn.to_ndarray(format="bgr24").astype(int) - result.annotated)
    assert np.median(difference) <= 3
    assert (
        np.abs(drawn.to_ndarray(format="bgr24")[:, : width // 9].astype(int) - [200, 40, 40]).max(
            initial=0
        )
        <= 6
    )
