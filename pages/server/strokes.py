"""The socket `strokes`: reads a drawing while the pen moves.

    ws://HOST/BASE/live/strokes?session=ID&model=NAME     without `model`: the default model

A message is the drawing as a PNG file of at most a megapixel, or, read faster, as grey levels:

    b"GREY"  width  height  levels     width and height in pixels, two bytes each, high byte first;
                                       levels, 0 to 255, row by row: width * height bytes

The drawing is not finished, so it is read in one way only (see `quick` in `Recognizer.analyze`).
At the end of the stroke, the page itself reads it. The answer (see `sockets` for the rest):

    {"frame": 3, "text": "1?",                    "?" is a non-digit; "" if there is no ink
     "digits": [                                  in reading order
       {"label": 1, "confidence": 0.9987, "probabilities": [0.0001, ...],    ten, for 0 to 9
        "box": [40, 31, 22, 160],                 x, y, width, height in pixels of the image sent
        "digit_score": 0.9998, "is_digit": true,
        "is_unusual": false}, ...],              true: written in a way that is seldom seen
     "left_out": [{"box": [...], "reason": "small"}],
     "note": "",                                  a sentence on what was left out, if it matters
     "model": "champion", "milliseconds": 2.41}   decoding and reading, without waiting
"""

from __future__ import annotations

import struct
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.websockets import WebSocket

from mnist_core import InvalidImageError, load_image
from pages.server import readers, sockets
from pages.server.limits import RateLimit

__all__ = ["decode_drawing", "strokes"]

_GREY, _PNG = b"GREY", b"\x89PNG\r\n\x1a\n"
_HEAD = struct.Struct(">4sHH")
# One for each frame that a screen shows.
_LIMIT = RateLimit(per_second=60, burst=5)


async def strokes(websocket: WebSocket) -> None:
    """Serve one visitor's socket."""
    answer = partial(_answer, model=websocket.query_params.get("model"))
    await sockets.serve(websocket, answer, _LIMIT)


def decode_drawing(content: bytes) -> NDArray[np.uint8]:
    """The image of a message: (h, w) for grey levels, (h, w, 3) or (h, w, 4) for a PNG file.

    Raises:
        InvalidImageError: it is neither, or too large.
    """
    if content.startswith(_GREY):
        head, levels = content[: _HEAD.size], content[_HEAD.size :]
        _, width, height = _HEAD.unpack(head.ljust(_HEAD.size, b"\0"))
        if width * height != len(levels) or not levels:
            raise InvalidImageError(
                "Grey levels must be one byte for each pixel. Send width * height of them. "
                f"Received: {width}x{height} pixels and {len(levels):,} levels"
            )
        return np.frombuffer(levels, np.uint8).reshape(height, width)
    if not content.startswith(_PNG):
        raise InvalidImageError(
            f"A drawing must be a PNG file or grey levels. Received: {len(content):,} bytes"
        )
    # The size is checked before the pixels are decoded: a small file can have millions of them.
    width, height = struct.unpack(">II", content[16:24].ljust(8, b"\0"))
    if width * height > sockets.MAX_BYTES:
        raise InvalidImageError(
            f"A drawing may have at most {sockets.MAX_BYTES:,} pixels. Send a smaller one. "
            f"Received: {width}x{height} pixels"
        )
    return load_image(content)


def _answer(content: bytes, model: str | None) -> dict[str, Any]:
    result = readers.read(content, decode_drawing, model=model, quick=True)
    return {
        **result.reading.as_json(),
        "model": result.model,
        "milliseconds": round(result.milliseconds, 2),
    }
