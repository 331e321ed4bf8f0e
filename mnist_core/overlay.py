"""What was read, drawn onto the picture it was read from."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.inference import Digit
from mnist_core.preprocessing import Box

__all__ = ["draw_boxes", "draw_viewfinder"]

# Orange stands out from paper, board and skin; dark letters on it can be read. What is no digit is
# grey, so that the eye passes over it.
_COLOUR, _NO_DIGIT, _LETTERS = (255, 150, 0), (140, 140, 140), (30, 15, 0)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
# In video: the corners of the box, and light letters on dark plates, which any background lets be.
_CORNER, _PLATE, _LIGHT = (255, 255, 255), (24, 20, 16), (255, 255, 255)


def draw_boxes(
    image: NDArray[np.uint8], digits: Iterable[Digit], *, longest_side: int = 1600
) -> NDArray[np.uint8]:
    """A copy of the picture with a box and a label around each digit.

    What is not a digit has a grey box with a "?" and, small beside it, the best guess.

    Args:
        image: (h, w) grey, (h, w, 3) RGB or (h, w, 4) RGBA, uint8.
        digits: as `Recognizer.read` gave them for this image.
        longest_side: the copy is shrunk to this many pixels, so that a browser can show it.

    Returns:
        (h', w', 3) RGB uint8.
    """
    if image.ndim == 2:
        copy = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    elif image.shape[2] == 4:
        alpha = image[:, :, 3:].astype(np.uint16)
        copy = ((image[:, :, :3] * alpha + 255 * (255 - alpha)) // 255).astype(np.uint8)
    else:
        copy = image.copy()
    height, width = copy.shape[:2]
    scale = min(1.0, longest_side / max(height, width))
    if scale < 1:
        shape = (max(1, round(width * scale)), max(1, round(height * scale)))
        copy = cv2.resize(copy, shape, interpolation=cv2.INTER_AREA)
    line = max(2, round(max(copy.shape[:2]) / 400))
    for digit in digits:
        left, top, box_width, box_height = (round(value * scale) for value in digit.box)
        # Around the digit, not on it; within the picture.
        right = min(copy.shape[1] - 1, left + box_width + 2 * line)
        bottom = min(copy.shape[0] - 1, top + box_height + 2 * line)
        left, top = max(0, left - 2 * line), max(0, top - 2 * line)
        colour = _COLOUR if digit.is_digit else _NO_DIGIT
        cv2.rectangle(copy, (left, top), (right, bottom), colour, line, cv2.LINE_AA)
        tag = [(digit.text, max(0.5, 0.3 * line))]
        if not digit.is_digit:
            tag.append((str(digit.label), max(0.4, 0.2 * line)))
        sizes = [cv2.getTextSize(text, _FONT, size, line)[0] for text, size in tag]
        # Above the box; where there is no room, inside it. Never beyond the right edge.
        pad, tag_height = 2 * line, sizes[0][1]
        tag_width = pad + sum(text_width + pad for text_width, _ in sizes)
        base = max(top - pad, tag_height + pad)
        left = max(0, min(left, copy.shape[1] - 1 - tag_width))
        corner = (left + tag_width, base + pad)
        cv2.rectangle(copy, (left, base - tag_height - pad), corner, colour, cv2.FILLED)
        left += pad
        for (text, size), (text_width, _) in zip(tag, sizes, strict=True):
            place, weight = (left, base), max(1, line // 2)
            cv2.putText(copy, text, place, _FONT, size, _LETTERS, weight, cv2.LINE_AA)
            left += text_width + pad
    return copy


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
        cv2.rectangle(frame, start, end, _COLOUR[::-1], line)
        plate = _plate(f"{digit.text} {digit.confidence:.0%}", max(9, 6 * line), _COLOUR)
        _put(frame, plate, start[0], start[1] - plate.shape[0])
    text = "paused" if paused else reading
    if text:
        # Over the box, so that it hides nothing of what is read; within it where it has no room.
        plate = _plate(text, round(frame.shape[0] / (20 if paused else 11)), _LIGHT)
        over = top - line - plate.shape[0]
        _put(frame, plate, left, over if over >= 0 else top)


@lru_cache(maxsize=512)
def _plate(text: str, size: int, colour: tuple[int, int, int]) -> NDArray[np.uint8]:
    """A text, `size` pixels high, on a dark plate: (h, w, 3) BGR.

    Kept, for letters cost more than all the rest of a frame's drawing.
    """
    scale = size / cv2.getTextSize("0", _FONT, 1.0, 1)[0][1]
    weight, pad = max(1, size // 12), max(2, size // 4)
    (width, height), _ = cv2.getTextSize(text, _FONT, scale, weight)
    plate = np.full((height + 2 * pad, width + 2 * pad, 3), _PLATE, np.uint8)
    place = (pad, pad + height)
    cv2.putText(plate, text, place, _FONT, scale, colour[::-1], weight, cv2.LINE_AA)
    return plate


def _put(frame: NDArray[np.uint8], plate: NDArray[np.uint8], left: int, top: int) -> None:
    """Lay a plate on a frame, moved so that all of it is seen, or as much as there is room for."""
    left = max(0, min(left, frame.shape[1] - plate.shape[1]))
    top = max(0, min(top, frame.shape[0] - plate.shape[0]))
    part = frame[top : top + plate.shape[0], left : left + plate.shape[1]]
    part[:] = plate[: part.shape[0], : part.shape[1]]
