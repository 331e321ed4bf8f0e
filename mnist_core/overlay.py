"""What was read, drawn onto the picture it was read from."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.inference import Digit

__all__ = ["draw_boxes"]

# Orange stands out from paper, board and skin; dark letters on it can be read.
_COLOUR, _LETTERS = (255, 150, 0), (30, 15, 0)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_boxes(
    image: NDArray[np.uint8], digits: Iterable[Digit], *, longest_side: int = 1600
) -> NDArray[np.uint8]:
    """A copy of the picture with a box and a label around each digit.

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
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        copy = cv2.resize(copy, size, interpolation=cv2.INTER_AREA)
    line = max(2, round(max(copy.shape[:2]) / 400))
    for digit in digits:
        left, top, box_width, box_height = (round(value * scale) for value in digit.box)
        # Around the digit, not on it; within the picture.
        right = min(copy.shape[1] - 1, left + box_width + 2 * line)
        bottom = min(copy.shape[0] - 1, top + box_height + 2 * line)
        left, top = max(0, left - 2 * line), max(0, top - 2 * line)
        cv2.rectangle(copy, (left, top), (right, bottom), _COLOUR, line, cv2.LINE_AA)
        text = f"{digit.label}" if digit.is_digit else f"{digit.label}?"
        size = max(0.5, 0.3 * line)
        (text_width, text_height), _ = cv2.getTextSize(text, _FONT, size, line)
        # Above the box; where there is no room, inside it.
        pad = 2 * line
        base = max(top - pad, text_height + pad)
        corner = (left + text_width + 2 * pad, base + pad)
        cv2.rectangle(copy, (left, base - text_height - pad), corner, _COLOUR, cv2.FILLED)
        cv2.putText(
            copy, text, (left + pad, base), _FONT, size, _LETTERS, max(1, line // 2), cv2.LINE_AA
        )
    return copy
