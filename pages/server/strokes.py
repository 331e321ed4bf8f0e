"""The socket `strokes`: reads a drawing while the pen moves.

    ws://HOST/BASE/live/strokes?session=ID&model=NAME     without `model`: the default model

A message is the drawing as a PNG, JPEG or WebP file. The answer (see `sockets` for the rest):

    {"frame": 3, "text": "1?",                    "?" is a non-digit; "" if there is no ink
     "digits": [                                  in reading order
       {"label": 1, "confidence": 0.9987, "probabilities": [0.0001, ...],    ten, for 0 to 9
        "box": [40, 31, 22, 160],                 x, y, width, height in pixels of the image sent
        "digit_score": 0.9998, "is_digit": true}, ...],
     "left_out": [{"box": [...], "reason": "small"}],
     "note": "",                                  a sentence on what was left out, if it matters
     "model": "champion", "milliseconds": 2.41}   decoding and reading, without waiting
"""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.websockets import WebSocket

from pages.server import readers, sockets
from pages.server.limits import RateLimit

__all__ = ["strokes"]

# One for each frame that a screen shows.
_LIMIT = RateLimit(per_second=60, burst=5)


async def strokes(websocket: WebSocket) -> None:
    """Serve one visitor's socket."""
    answer = partial(_answer, model=websocket.query_params.get("model"))
    await sockets.serve(websocket, answer, _LIMIT)


def _answer(content: bytes, model: str | None) -> dict[str, Any]:
    result = readers.read(content, model)
    return {
        **result.reading.as_json(),
        "model": result.model,
        "milliseconds": round(result.milliseconds, 2),
    }
