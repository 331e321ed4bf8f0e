"""Viewers without a browser: each sends a film as a camera would, and counts what comes back.

They shall cost little, for they share the machine with the server. So the film is encoded once, and
each viewer sends its packets; and what comes back is taken as it came, one encoded frame for each
time stamp, undecoded. Only the first viewer decodes: every picture of the film bears its number in
blocks along the bottom edge, below the box that is read, and so it is known how old it is.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import cv2
import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
    rtcrtpreceiver,
)
from aiortc.mediastreams import MediaStreamError
from support.sheets import sheet

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from aiortc.jitterbuffer import JitterFrame

SIZE, RATE, NUMBER = (640, 480), 30, "472"
# A picture's number in bits, which is how long the film can be; how high its blocks are, pixels.
BITS, BLOCK = 8, 32
# What Chromium sends of such a picture, bits per second; how late a camera may be, seconds.
BIT_RATE, LATE = 1_000_000, 0.1
CLOCK = 90_000


def pictures(count: int) -> Iterator[np.ndarray]:
    """A numbered sheet in a hand that is not quite still: (480, 640, 3) BGR uint8 each.

    The light comes from one side, as it does: an even sheet is read as a drawing, in less time.
    """
    light = np.linspace(1.15, 0.6, SIZE[0], dtype=np.float32)[:, np.newaxis]
    paper = np.clip(sheet(*map(int, NUMBER), side=110, noise=0) * light, 0, 255).astype(np.uint8)
    random = np.random.default_rng(5)
    grain = random.normal(0, 2, (2 * SIZE[1], 2 * SIZE[0], 1))
    for index in range(count):
        shift = np.array([[1, 0, 3 * np.sin(index / 7)], [0, 1, 2 * np.cos(index / 5)]])
        picture = cv2.warpAffine(paper, shift, SIZE, borderMode=cv2.BORDER_REPLICATE)
        left, top = random.integers(SIZE[0]), random.integers(SIZE[1])
        noise = grain[top : top + SIZE[1], left : left + SIZE[0]]
        picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
        mark(picture, index)
        yield picture


def mark(picture: np.ndarray, index: int) -> None:
    """Write a number, 0 to 255, into a picture's bottom edge: a white block is a one."""
    width = picture.shape[1] // BITS
    for bit in range(BITS):
        level = 235 if index >> bit & 1 else 20
        picture[-BLOCK:, bit * width : (bit + 1) * width] = level


def marked(grey: np.ndarray) -> int:
    """The number that `mark` wrote, from the picture in grey, (h, w) uint8."""
    width = grey.shape[1] // BITS
    blocks = (grey[-BLOCK:, bit * width : (bit + 1) * width] for bit in range(BITS))
    return sum((np.median(block) > 127) << bit for bit, block in enumerate(blocks))


def encoded(count: int = 1 << BITS) -> list[bytes]:
    """The film in VP8, the codec that browsers and aiortc agree on first; one frame each."""
    codec = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height = SIZE
    codec.pix_fmt, codec.bit_rate, codec.gop_size = "yuv420p", BIT_RATE, count
    codec.time_base = Fraction(1, RATE)
    codec.options = {"deadline": "realtime", "cpu-used": "-6", "lag-in-frames": "0"}
    packets = []
    for index, picture in enumerate(pictures(count)):
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")
        frame.pts, frame.time_base = index, codec.time_base
        packets += [bytes(packet) for packet in codec.encode(frame)]
    return packets


class Film(MediaStreamTrack):
    """The film, over and over, at the camera's rate."""

    kind = "video"

    def __init__(self, packets: list[bytes]) -> None:
        super().__init__()
        self.frames = 0
        self.sent = [0.0] * len(packets)  # when each picture went last
        self._packets, self._due = packets, 0.0

    async def recv(self) -> av.Packet:
        """The next frame when its time has come. One that is much too late moves all others."""
        now = time.perf_counter()
        self._due = max(self._due + 1 / RATE, now - LATE)
        await asyncio.sleep(max(0.0, self._due - now))
        place = self.frames % len(self._packets)
        packet = av.Packet(self._packets[place])
        packet.pts, packet.time_base = self.frames * CLOCK // RATE, Fraction(1, CLOCK)
        self.sent[place] = time.perf_counter()
        self.frames += 1
        return packet


class Undecoded:
    """In the place of aiortc's decoder: a frame is handed on as it came."""

    def __init__(self, codec: Any) -> None:
        if codec.name != "VP8":
            raise ValueError(f"The film is VP8, and so is what comes back. Received: {codec.name}")

    def decode(self, frame: JitterFrame) -> list[JitterFrame]:
        return [frame]


class Viewer:
    """One visitor: a film goes, and what comes back is counted.

    Attributes:
        back: frames that came back.
        seen: those of them that showed another picture than the one before; decoding viewers only.
        delays: how old each of those was, seconds since it was sent; decoding viewers only.
    """

    def __init__(self, packets: list[bytes], decodes: bool) -> None:
        self.back = self.seen = 0
        self.delays: list[float] = []
        self.film = Film(packets)
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.connection.addTrack(self.film)
        self.connection.on("track", self._follow)
        self._codec = av.CodecContext.create("libvpx", "r") if decodes else None
        self._last: int | None = None
        self._task: asyncio.Task[None] | None = None

    async def offer(self) -> tuple[str, str]:
        """The session's description and its type, for the server."""
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp, self.connection.localDescription.type

    def _follow(self, track: MediaStreamTrack) -> None:
        self._task = asyncio.ensure_future(self._count(track))

    async def _count(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            self.back += 1
            if self._codec:
                self._look(frame.data)

    def check(self) -> None:
        """Raise what went wrong while counting."""
        if self._task and self._task.done():
            self._task.result()

    def _look(self, data: bytes) -> None:
        """Which picture came back, and how long ago was it sent?"""
        assert self._codec
        try:
            frames = self._codec.decode(av.Packet(data))
        except av.FFmpegError:
            return  # one that needs a lost one
        for frame in frames:
            number = marked(frame.to_ndarray(format="gray"))
            # What was not sent yet is a smeared picture's.
            if number != self._last and any(self.film.sent[number : number + 1]):
                self._last = number
                self.seen += 1
                self.delays.append(time.perf_counter() - self.film.sent[number])


def run(pipe: Connection, packets: list[bytes]) -> None:
    """The process of the viewers, until the other end of the pipe is closed.

    It is told ("offer",) and gives a new viewer's description; ("answer", sdp, type), for that
    viewer; ("counts",) and gives `counts`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it ends it
    rtcrtpreceiver.get_decoder = Undecoded
    asyncio.run(_serve(pipe, packets))
    # aiortc's threads of connections that were never closed would be waited for.
    os._exit(0)


async def _serve(pipe: Connection, packets: list[bytes]) -> None:
    viewers: list[Viewer] = []
    loop = asyncio.get_running_loop()
    while True:
        try:
            command, *values = await loop.run_in_executor(None, pipe.recv)
        except EOFError:
            break
        if command == "offer":
            viewers.append(Viewer(packets, decodes=not viewers))
            pipe.send(await viewers[-1].offer())
        elif command == "answer":
            answer = RTCSessionDescription(*values)
            await viewers[-1].connection.setRemoteDescription(answer)
            pipe.send(None)
        else:
            pipe.send(counts(viewers))
    await asyncio.gather(*(viewer.connection.close() for viewer in viewers))


def counts(viewers: list[Viewer]) -> dict[str, Any]:
    """How the viewers stand: since they began, but `delays` since this was asked last."""
    for viewer in viewers:
        viewer.check()
    delays = [delay for viewer in viewers for delay in viewer.delays]
    for viewer in viewers:
        viewer.delays.clear()
    return {
        "clock": time.perf_counter(),
        "cpu": time.process_time(),
        "sent": [viewer.film.frames for viewer in viewers],
        "back": [viewer.back for viewer in viewers],
        "seen": sum(viewer.seen for viewer in viewers),
        "delays": delays,
    }
