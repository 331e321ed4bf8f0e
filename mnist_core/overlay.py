"""What was read, drawn onto the picture it was read from."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.inference import Digit

__all__ = ["draw_boxes"]

# Orange and its dark outline stand out from paper, board and skin.
_COLOUR, _OUTLINE = (255, 140, 0), (40, 20, 0)
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
    line = max(1, round(max(copy.shape[:2]) / 400))
    for digit in digits:
        left, top, box_width, box_height = (round(value * scale) for value in digit.box)
        corners = (left - line, top - line), (left + box_width + line, top + box_height + line)
        text = f"{digit.label}" if digit.is_digit else f"{digit.label}?"
        size = max(0.4, min(box_height / 45, line * 0.7))
        origin = (max(0, left), top - 3 * line)
        (_, text_height), _ = cv2.getTextSize(text, _FONT, size, line)
        if origin[1] < text_height:
            # No room above the box: inside it, at the top.
            origin = (origin[0] + 2 * line, top + text_height + 3 * line)
        for colour, extra in ((_OUTLINE, 2), (_COLOUR, 0)):
            cv2.rectangle(copy, *corners, colour, line + extra, cv2.LINE_AA)
            cv2.putText(copy, text, origin, _FONT, size, colour, line + extra, cv2.LINE_AA)
    return copy
