"""Viewers without a browser: each sends a film like a camera, and counts the returned frames.

They share the machine with the server and must cost little. The film is encoded once, and returned
frames are not decoded, except by the first viewer: each picture of the film has its index in black
and white blocks along the bottom edge, below the region of interest, which gives the frame's delay.
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
# Bits of a picture's index, which limit the film's length; height of the blocks, pixels.
BITS, BLOCK = 8, 32
# Chromium's bit rate for such a picture, bits per second; longest delay that is caught up, seconds.
BIT_RATE, MAX_DELAY = 1_000_000, 0.1
# Time stamps of video per second (RFC 7741, RTP payload format for VP8).
CLOCK = 90_000


def pictures(count: int) -> Iterator[np.ndarray]:
    """A sheet with a number that moves slightly: (480, 640, 3) BGR uint8 each.

    The light comes from one side: an evenly lit sheet would be read as a drawing, in less time.
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
        draw_index(picture, index)
        yield picture


def draw_index(picture: np.ndarray, index: int) -> None:
    """Draw an index, 0 to 255, along the bottom edge of a picture, as binary blocks."""
    width = picture.shape[1] // BITS
    for bit in range(BITS):
        level = 235 if index >> bit & 1 else 20
        picture[-BLOCK:, bit * width : (bit + 1) * width] = level


def read_index(grey: np.ndarray) -> int:
    """The index in a picture, (h, w) uint8."""
    width = grey.shape[1] // BITS
    blocks = (grey[-BLOCK:, bit * width : (bit + 1) * width] for bit in range(BITS))
    return sum((np.median(block) > 127) << bit for bit, block in enumerate(blocks))


def encode_film(count: int = 1 << BITS) -> list[bytes]:
    """Encode the film in VP8, the preferred codec of browsers and aiortc; one packet per frame."""
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
    """The film in a loop, at the camera's frame rate."""

    kind = "video"

    def __init__(self, packets: list[bytes]) -> None:
        super().__init__()
        self.frames = 0
        self.sent = [0.0] * len(packets)  # last time of each picture
        self._packets, self._due = packets, 0.0

    async def recv(self) -> av.Packet:
        """Wait for the time of the next frame; a large delay shifts all later frames."""
        now = time.perf_counter()
        self._due = max(self._due + 1 / RATE, now - MAX_DELAY)
        await asyncio.sleep(max(0.0, self._due - now))
        index = self.frames % len(self._packets)
        packet = av.Packet(self._packets[index])
        packet.pts, packet.time_base = self.frames * CLOCK // RATE, Fraction(1, CLOCK)
        self.sent[index] = time.perf_counter()
        self.frames += 1
        return packet


class Undecoded:
    """A replacement for aiortc's decoder that returns frames as they are."""

    def __init__(self, codec: Any) -> None:
        if codec.name != "VP8":
            raise ValueError(f"The codec must be VP8. Received: {codec.name}")

    def decode(self, frame: JitterFrame) -> list[JitterFrame]:
        return [frame]


class Viewer:
    """One visitor, who sends the film and counts the returned frames.

    Attributes:
        returned: number of returned frames.
        new: number of them that differ from their predecessor; if the viewer decodes.
        delays: seconds since each new frame was sent; if the viewer decodes.
    """

    def __init__(self, packets: list[bytes], decodes: bool) -> None:
        self.returned = self.new = 0
        self.delays: list[float] = []
        self.film = Film(packets)
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.connection.addTrack(self.film)
        self.connection.on("track", self._start_counting)
        self._codec = av.CodecContext.create("libvpx", "r") if decodes else None
        self._last_index: int | None = None
        self._task: asyncio.Task[None] | None = None

    async def offer(self) -> tuple[str, str]:
        """The session description and its type, for the server."""
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp, self.connection.localDescription.type

    def _start_counting(self, track: MediaStreamTrack) -> None:
        self._task = asyncio.ensure_future(self._count(track))

    async def _count(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            self.returned += 1
            if self._codec:
                self._measure_delays(frame.data)

    def check(self) -> None:
        """Raise the error of the counting task, if it failed."""
        if self._task and self._task.done():
            self._task.result()

    def _measure_delays(self, data: bytes) -> None:
        """Decode a packet, and measure how long ago its pictures were sent."""
        assert self._codec
        try:
            frames = self._codec.decode(av.Packet(data))
        except av.FFmpegError:
            return  # its reference frame was lost
        for frame in frames:
            index = read_index(frame.to_ndarray(format="gray"))
            # An index that was not sent yet comes from a damaged picture.
            if index != self._last_index and any(self.film.sent[index : index + 1]):
                self._last_index = index
                self.new += 1
                self.delays.append(time.perf_counter() - self.film.sent[index])


def run(pipe: Connection, packets: list[bytes]) -> None:
    """Run the viewers' process until the other end of the pipe is closed.

    Commands: ("offer",) adds a viewer and returns its session description; ("answer", sdp, type) is
    for this viewer and returns None; ("counts",) returns `counts`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process ends this one
    rtcrtpreceiver.get_decoder = Undecoded
    asyncio.run(_serve(pipe, packets))
    # A regular exit waits for aiortc's threads of connections that were never closed.
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
    """The viewers' counts since they started; `delays` since the previous call."""
    for viewer in viewers:
        viewer.check()
    delays = [delay for viewer in viewers for delay in viewer.delays]
    for viewer in viewers:
        viewer.delays.clear()
    return {
        "clock": time.perf_counter(),
        "cpu": time.process_time(),
        "sent": [viewer.film.frames for viewer in viewers],
        "returned": [viewer.returned for viewer in viewers],
        "new": sum(viewer.new for viewer in viewers),
        "delays": delays,
    }
