"""Draws the region of interest, the digits and the reading onto a frame of video."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import cv2
import numpy as np

from mnist_core.inference.annotation import DIGIT_COLOR, FONT
from mnist_core.inference.reading import Digit
from mnist_core.preprocessing.extraction import Box
from mnist_core.preprocessing.grey import Image

__all__ = ["draw_viewfinder"]

# White is RGB, the dark color BGR. Light text on a dark plate is legible on any background.
_WHITE, _DARK = (255, 255, 255), (24, 20, 16)


def draw_viewfinder(
    frame: Image, roi: Box, digits: Iterable[Digit], reading: str, *, paused: bool
) -> None:
    """Draw the region of interest, the digits and, large, the reading.

    A digit that is written in an unusual way has an asterisk.

    Args:
        frame: (h, w, 3) BGR uint8; it is drawn on.
        roi: the region of interest, (x, y, width, height) in pixels.
        digits: with boxes in pixels of the frame.
        reading: "" for none.
        paused: show "paused" instead of the reading.
    """
    left, top = roi[:2]
    line = max(1, round(max(frame.shape[:2]) / 320))
    _draw_box(frame, roi, _WHITE, line)
    for digit in digits:
        x, y = digit.box[0] - 2 * line, digit.box[1] - 2 * line
        box = (x, y, digit.box[2] + 4 * line + 1, digit.box[3] + 4 * line + 1)
        _draw_box(frame, box, DIGIT_COLOR, line)
        text = f"{digit.tag} {digit.confidence:.0%}" if digit.is_digit else "?"
        plate = _plate(text, max(9, 6 * line), DIGIT_COLOR)
        _paste(frame, plate, x, y - plate.shape[0])
    text = "paused" if paused else reading
    if text:
        # Above the region, where it hides nothing that is read; inside it if there is no room.
        plate = _plate(text, round(frame.shape[0] / (20 if paused else 11)), _WHITE)
        above = top - line - plate.shape[0]
        _paste(frame, plate, left, above if above >= 0 else top)


def _draw_box(frame: Image, box: Box, color: tuple[int, int, int], line: int) -> None:
    """Draw a rectangle with a dark rim, which makes it visible on white paper too."""
    cv2.rectangle(frame, box, _DARK, line + 2)
    cv2.rectangle(frame, box, color[::-1], line)


@lru_cache(maxsize=512)  # drawing text takes longer than everything else on a frame
def _plate(text: str, size: int, color: tuple[int, int, int]) -> Image:
    """A text, `size` pixels high, on a dark plate: (h, w, 3) BGR."""
    scale = size / cv2.getTextSize("0", FONT, 1.0, 1)[0][1]
    thickness, pad = max(1, size // 12), max(2, size // 4)
    (width, height), _ = cv2.getTextSize(text, FONT, scale, thickness)
    plate = np.full((height + 2 * pad, width + 2 * pad, 3), _DARK, np.uint8)
    position = (pad, pad + height)
    cv2.putText(plate, text, position, FONT, scale, color[::-1], thickness, cv2.LINE_AA)
    return plate


def _paste(frame: Image, plate: Image, left: int, top: int) -> None:
    """Paste a plate onto a frame, moved inside it and cropped if it is larger."""
    left = max(0, min(left, frame.shape[1] - plate.shape[1]))
    top = max(0, min(top, frame.shape[0] - plate.shape[0]))
    part = frame[top : top + plate.shape[0], left : left + plate.shape[1]]
    part[:] = plate[: part.shape[0], : part.shape[1]]
