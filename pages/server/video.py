"""The socket `video`: reads a camera's frames where WebRTC cannot connect.

    ws://HOST/BASE/live/video?session=ID

A message is the time of a frame in the video (milliseconds, four bytes, high byte first), and the
frame as a JPEG file of at most a megapixel: the part inside the region of interest, as the camera
saw it, not mirrored. It is read by the visitor's own reader, with the settings of his page
and the vote of his last frames, as video that comes by WebRTC. The answer (see `sockets` for the
rest):

    {"frame": 3, "text": "472",           what this frame alone says; "?" is a non-digit
     "reading": "472",                    the number on which the last frames agree; "" for none
     "digits": [...],                     as of the socket `strokes`; boxes in pixels of the image
                                          sent, mirrored if "mirror" is true
     "note": "",                          a sentence on what the region's border cuts
     "milliseconds": 3.41,                of reading
     "roi": [0.25, 0.15, 0.5, 0.7],       the settings that the next frame should follow: left, top,
     "mirror": false, "inference": true}  width, height as shares of the shown frame

Sending frames takes one of the places for video (`pages/video/places.py`), as by WebRTC.
"""

from __future__ import annotations

import struct
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from starlette.websockets import WebSocket

from mnist_core import InvalidImageError, MnistError, load_image
from pages.server import sockets
from pages.server.limits import RateLimit
from pages.video.places import places
from pages.video.readers import reader_of

__all__ = ["decode_frame", "video"]

_JPEG = b"\xff\xd8\xff"
_TIME = struct.Struct(">I")
# One for each frame of a usual camera.
_LIMIT = RateLimit(per_second=30, burst=5)


async def video(websocket: WebSocket) -> None:
    """Serve one visitor's socket."""
    session = websocket.query_params.get("session", "")
    await sockets.serve(websocket, partial(_answer, session=session), _LIMIT)


def decode_frame(content: bytes) -> tuple[float, NDArray[np.uint8]]:
    """The time, in seconds, and the image, (h, w, 3) BGR, of a message.

    Raises:
        InvalidImageError: it has no time, or no JPEG file, or too many pixels.
    """
    time, image = content[: _TIME.size], content[_TIME.size :]
    if not image.startswith(_JPEG):
        raise InvalidImageError(
            "A frame must be its time in four bytes, and a JPEG file. "
            f"Received: {len(content):,} bytes"
        )
    (milliseconds,) = _TIME.unpack(time)
    rgb = load_image(image, max_pixels=sockets.MAX_BYTES)
    return milliseconds / 1000, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)


def _answer(content: bytes, session: str) -> dict[str, Any]:
    at, region = decode_frame(content)
    live = reader_of(session)
    if live is None:
        raise MnistError("Open the Webcam page first: its settings are needed.")
    if before := places().ask(session, running=True):
        raise MnistError(f"All places for video are taken; {before} visitors are before you. Wait.")
    result = live.process_region(region, at)
    if result is None:
        raise MnistError(live.state.error or "This frame could not be read. Send the next one.")
    settings = live.settings
    return {
        "text": "".join(digit.text for digit in result.digits),
        "reading": result.reading,
        "digits": [digit.as_json() for digit in result.digits],
        "note": result.note,
        "milliseconds": round(result.elapsed_ms, 2),
        "roi": settings.roi,
        "mirror": settings.mirror,
        "inference": settings.inference,
    }
