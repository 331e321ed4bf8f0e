"""What could be wrong in the counting of viewers without anybody noticing."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import video_peers
import viewers
from video_peers import Film, encoded, mark, marked, pictures
from viewers import Step

from mnist_core import load_recognizer
from mnist_core.webcam.reader import FrameReader


def step(*rates: float, server: float = 0.3, **values: float) -> Step:
    """Viewers who have so many frames per second."""
    made = Step(
        back=rates,
        read=rates,
        sent=30,
        new=30,
        delay=0.05,
        milliseconds=4,
        skipped=0,
        right=len(rates),
        server=server,
        peers=0.1,
    )
    return replace(made, **values)


@pytest.mark.parametrize("number", [0, 1, 37, 128, 254, 255])
def test_a_mark_outlives_the_codec(number: int) -> None:
    picture = next(pictures(1))
    mark(picture, number)
    assert marked(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)) == number
    _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 10])
    assert marked(cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE)) == number


def test_the_film_is_as_said() -> None:
    """One packet a picture, in order, the first one a whole picture; and it can be read."""
    packets = encoded(12)
    assert len(packets) == 12
    codec = av.CodecContext.create("libvpx", "r")
    # Over and over: it goes on after its end.
    frames = [frame for packet in 2 * packets for frame in codec.decode(av.Packet(packet))]
    assert [marked(frame.to_ndarray(format="gray")) for frame in frames] == 2 * list(range(12))
    assert (frames[0].width, frames[0].height) == video_peers.SIZE
    reader = FrameReader(load_recognizer())
    results = [reader.process(frame.to_ndarray(format="bgr24")) for frame in frames]
    # The marks are outside the box that is read.
    assert {result.reading for result in results[6:]} == {video_peers.NUMBER}


def test_the_film_keeps_its_time_stamps() -> None:
    async def play() -> list[av.Packet]:
        film = Film([b"a", b"b"])
        return [await film.recv() for _ in range(3)]

    packets = asyncio.run(play())
    assert [bytes(packet) for packet in packets] == [b"a", b"b", b"a"]
    assert [float(packet.pts * packet.time_base) for packet in packets] == pytest.approx(
        [0, 1 / 30, 2 / 30]
    )


def test_another_codec_is_refused() -> None:
    with pytest.raises(ValueError, match="Received: H264"):
        video_peers.Undecoded(type("Codec", (), {"name": "H264"}))


def test_differences_are_per_second_of_each_clock() -> None:
    server = {"clock": 5.0, "cpu": 1.0, "read": [10, 40], "skipped": 2}
    later = {"clock": 7.0, "cpu": 2.0, "read": [70, 60], "skipped": 8}
    later |= {"milliseconds": [3.0, 5.0], "readings": ["472", "47"]}
    peers = {"clock": 1.0, "cpu": 0.5, "sent": [5, 5], "back": [0, 0], "seen": 3, "delays": [9.0]}
    after = {"clock": 5.0, "cpu": 0.9, "sent": [125, 105], "back": [120, 60], "seen": 103}
    after |= {"delays": [0.1, 0.3, 0.2]}
    made = viewers.difference((server, peers), (later, after))
    assert made == step(
        30, 15, server=0.5, read=(30, 10), sent=25, new=25, delay=0.2, skipped=3, right=1
    )
    assert made.lowest == 10
    assert viewers.line(made) == (
        "| 2 | 15.0 | 22.5 | 10.0 | 20.0 | 25.0 | 200 ms | 4.0 | 3.0 | 0.50 | 0.10 |"
    )
    assert viewers.line(made).count("|") == len(viewers.COLUMNS) + 1
    nothing = viewers.difference((server, peers), (later, after | {"delays": []}))
    assert nothing.delay is None
    assert "|  |" in viewers.line(nothing)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], "2 cores hold 0 viewers at 15 frames per second or more, and more were not tried."),
        ([step(14.9)], "2 cores hold 0 viewers at 15 frames per second or more."),
        (
            [step(30), step(29, 27, server=0.5), step(16, 15, 15, server=0.6), step(14, 30)],
            "2 cores hold 3 viewers at 15 frames per second or more.\n"
            "A viewer at 28 frames per second takes 0.25 of a core: were there nothing but the "
            "server, 2 cores would hold 8.",
        ),
        # Never the full rate: what there is has to do.
        (
            [step(20, server=0.4)],
            "2 cores hold 1 viewer at 15 frames per second or more, and more were not tried.\n"
            "A viewer at 20 frames per second takes 0.40 of a core: were there nothing but the "
            "server, 2 cores would hold 5.",
        ),
    ],
)
def test_answer(steps: list[Step], expected: str) -> None:
    assert viewers.answer(steps, 2) == expected


def test_two_viewers_are_served() -> None:
    """The whole way, for a moment: how fast, depends on what else the machine does."""
    made = viewers.measure(2, encoded(30), seconds=2, warm_up=1, cores=2)
    assert len(made.back) == len(made.read) == 2
    assert made.lowest > 0
    assert made.sent <= 35
    assert made.new > 0
    assert made.delay is not None
    assert 0 < made.delay < 60
    assert made.milliseconds > 0
    assert made.server > 0 < made.peers


def test_what_ended_does_not_answer() -> None:
    with (
        viewers.beside(id, cores=1) as pipe,
        pytest.raises(RuntimeError, match="ended before it answered 'counts'"),
    ):
        viewers.ask(pipe, "counts")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc")
def test_cpu_seconds() -> None:
    before = viewers.cpu_seconds(os.getpid())
    while viewers.cpu_seconds(os.getpid()) < before + 0.05:
        np.linalg.svd(np.ones((100, 100)))
