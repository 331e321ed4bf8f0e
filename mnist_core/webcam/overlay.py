"""What is drawn onto a frame of video: the box, the digits, the reading."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.inference.annotation import _COLOR, _FONT
from mnist_core.inference.recognizer import Digit
from mnist_core.preprocessing.framing import Box

__all__ = ["draw_viewfinder"]

# In video: the corners of the box, and light letters on dark plates, which any background lets be.
_CORNER, _PLATE, _LIGHT = (255, 255, 255), (24, 20, 16), (255, 255, 255)


def draw_viewfinder(
    frame: NDArray[np.uint8], roi: Box, digits: Iterable[Digit], reading: str, *, paused: bool
) -> None:
    """Draw onto a frame of video where is read, each digit, and the reading, large.

    Args:
        frame: (h, w, 3) BGR uint8; it is drawn on.
        roi: the region of interest, (x, y, width, height) in pixels.
        digits: with boxes in pixels of the frame.
        reading: "" for none.
        paused: say so in the reading's place.
    """
    left, top, width, height = roi
    line = max(1, round(max(frame.shape[:2]) / 320))
    # A dark rim, so that a white box is seen on white paper.
    corner = (left + width - 1, top + height - 1)
    cv2.rectangle(frame, (left, top), corner, _PLATE, line + 2)
    cv2.rectangle(frame, (left, top), corner, _CORNER, line)
    for digit in digits:
        x, y, across, down = digit.box
        start = (x - 2 * line, y - 2 * line)
        end = (x + across + 2 * line, y + down + 2 * line)
        cv2.rectangle(frame, start, end, _PLATE, line + 2)
        cv2.rectangle(frame, start, end, _COLOR[::-1], line)
        plate = _plate(f"{digit.text} {digit.confidence:.0%}", max(9, 6 * line), _COLOR)
        _put(frame, plate, start[0], start[1] - plate.shape[0])
    text = "paused" if paused else reading
    if text:
        # Over the box, so that it hides nothing of what is read; within it where it has no room.
        plate = _plate(text, round(frame.shape[0] / (20 if paused else 11)), _LIGHT)
        over = top - line - plate.shape[0]
        _put(frame, plate, left, over if over >= 0 else top)


@lru_cache(maxsize=512)
def _plate(text: str, size: int, color: tuple[int, int, int]) -> NDArray[np.uint8]:
    """A text, `size` pixels high, on a dark plate: (h, w, 3) BGR.

    Kept, for letters cost more than all the rest of a frame's drawing.
    """
    scale = size / cv2.getTextSize("0", _FONT, 1.0, 1)[0][1]
    weight, pad = max(1, size // 12), max(2, size // 4)
    (width, height), _ = cv2.getTextSize(text, _FONT, scale, weight)
    plate = np.full((height + 2 * pad, width + 2 * pad, 3), _PLATE, np.uint8)
    place = (pad, pad + height)
    cv2.putText(plate, text, place, _FONT, scale, color[::-1], weight, cv2.LINE_AA)
    return plate


def _put(frame: NDArray[np.uint8], plate: NDArray[np.uint8], left: int, top: int) -> None:
    """Lay a plate on a frame, moved so that all of it is seen, or as much as there is room for."""
    left = max(0, min(left, frame.shape[1] - plate.shape[1]))
    top = max(0, min(top, frame.shape[0] - plate.shape[0]))
    part = frame[top : top + plate.shape[0], left : left + plate.shape[1]]
    part[:] = plate[: part.shape[0], : part.shape[1]]
