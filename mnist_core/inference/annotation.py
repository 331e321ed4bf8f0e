"""What was read, drawn onto the picture it was read from."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.inference.recognizer import Digit

__all__ = ["draw_boxes"]

# Orange stands out from paper, board and skin; dark letters on it can be read. What is no digit is
# grey, so that the eye passes over it.
_COLOR, _NO_DIGIT, _LETTERS = (255, 150, 0), (140, 140, 140), (30, 15, 0)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


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
        color = _COLOR if digit.is_digit else _NO_DIGIT
        cv2.rectangle(copy, (left, top), (right, bottom), color, line, cv2.LINE_AA)
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
        cv2.rectangle(copy, (left, base - tag_height - pad), corner, color, cv2.FILLED)
        left += pad
        for (text, size), (text_width, _) in zip(tag, sizes, strict=True):
            place, weight = (left, base), max(1, line // 2)
            cv2.putText(copy, text, place, _FONT, size, _LETTERS, weight, cv2.LINE_AA)
            left += text_width + pad
    return copy
