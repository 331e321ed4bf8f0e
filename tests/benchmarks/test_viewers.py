"""The film, the counters and the rates of the viewers benchmark."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import av
import cv2
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import video_peers
import viewers
from video_peers import Film, draw_index, encode_film, pictures, read_index
from viewers import Measurement

from mnist_core import load_recognizer
from mnist_core.webcam.reader import FrameReader


def make_measurement(*rates: float, server: float = 0.3, **values: object) -> Measurement:
    """A measurement of viewers with these frame rates."""
    measurement = Measurement(
        returned=rates, read=rates, sent=30, new=30, delay=0.05, milliseconds=4, skipped=0,
        correct=len(rates), server=server, peers=0.1,
    )  # fmt: skip
    return replace(measurement, **values)


@pytest.mark.parametrize("index", [0, 1, 37, 128, 254, 255])
def test_read_index_after_compression(index: int) -> None:
    picture = next(pictures(1))
    draw_index(picture, index)
    assert read_index(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)) == index
    _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 10])
    assert read_index(cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE)) == index


def test_encode_film_can_be_looped_and_read() -> None:
    """One packet per picture, in order; the first one is a key frame."""
    packets = encode_film(12)
    assert len(packets) == 12
    codec = av.CodecContext.create("libvpx", "r")
    frames = [frame for packet in 2 * packets for frame in codec.decode(av.Packet(packet))]
    assert [read_index(frame.to_ndarray(format="gray")) for frame in frames] == 2 * list(range(12))
    assert (frames[0].width, frames[0].height) == video_peers.SIZE
    reader = FrameReader(load_recognizer())
    results = [reader.process(frame.to_ndarray(format="bgr24")) for frame in frames]
    # The blocks of the index are outside the region of interest.
    assert {result.reading for result in results[6:]} == {video_peers.NUMBER}


def test_film_continues_its_time_stamps() -> None:
    async def play() -> list[av.Packet]:
        film = Film([b"a", b"b"])
        return [await film.recv() for _ in range(3)]

    packets = asyncio.run(play())
    assert [bytes(packet) for packet in packets] == [b"a", b"b", b"a"]
    seconds = [float(packet.pts * packet.time_base) for packet in packets]
    assert seconds == pytest.approx([0, 1 / 30, 2 / 30])


def test_undecoded_rejects_other_codecs() -> None:
    with pytest.raises(ValueError, match="Received: H264"):
        video_peers.Undecoded(type("Codec", (), {"name": "H264"}))


def test_rates_between_use_the_clock_of_each_process() -> None:
    server = {"clock": 5.0, "cpu": 1.0, "read": [10, 40], "skipped": 2}
    later = {"clock": 7.0, "cpu": 2.0, "read": [70, 60], "skipped": 8}
    later |= {"milliseconds": [3.0, 5.0], "readings": ["472", "47"]}
    peers = {"clock": 1.0, "cpu": 0.5, "sent": [5, 5], "returned": [0, 0], "new": 3}
    after = {"clock": 5.0, "cpu": 0.9, "sent": [125, 105], "returned": [120, 60], "new": 103}
    delays = {"delays": [0.1, 0.3, 0.2]}
    result = viewers.rates_between((server, peers), (later, after | delays))
    assert result == make_measurement(
        30, 15, server=0.5, read=(30, 10), sent=25, new=25, delay=0.2, skipped=3, correct=1
    )
    assert result.lowest == 10
    row = "| 2 | 15.0 | 22.5 | 10.0 | 20.0 | 25.0 | 200 ms | 4.0 | 3.0 | 0.50 | 0.10 |"
    assert viewers.table_row(result) == row
    assert row.count("|") == len(viewers.COLUMNS) + 1
    without_delays = viewers.rates_between((server, peers), (later, after | {"delays": []}))
    assert without_delays.delay is None
    assert "|  |" in viewers.table_row(without_delays)


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([], "2 cores serve 0 viewers at 15 frames per second or more; more were not tried."),
        ([make_measurement(14.9)], "2 cores serve 0 viewers at 15 frames per second or more."),
        (
            [
                make_measurement(30),
                make_measurement(29, 27, server=0.5),
                make_measurement(16, 15, 15, server=0.6),
                make_measurement(14, 30),
            ],
            "2 cores serve 3 viewers at 15 frames per second or more.\n"
            "A viewer at 28 frames per second takes 0.25 of a core: for the server alone, 2 cores "
            "are enough for 8.",
        ),
        # Without a measurement at the full rate, the first one is used.
        (
            [make_measurement(20, server=0.4)],
            "2 cores serve 1 viewer at 15 frames per second or more; more were not tried.\n"
            "A viewer at 20 frames per second takes 0.40 of a core: for the server alone, 2 cores "
            "are enough for 5.",
        ),
    ],
)
def test_summarize(results: list[Measurement], expected: str) -> None:
    assert viewers.summarize(results, 2) == expected


@pytest.mark.slow
def test_measure_two_viewers() -> None:
    """All parts together; the rates depend on the load of the machine."""
    result = viewers.measure(2, encode_film(30), seconds=2, warm_up=1, cores=2)
    assert len(result.returned) == len(result.read) == 2
    assert result.lowest > 0
    assert result.sent <= 35
    assert result.new > 0
    assert result.delay is not None
    assert 0 < result.delay < 60
    assert result.milliseconds > 0
    assert result.server > 0 < result.peers
