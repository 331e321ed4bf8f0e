"""Draws boxes and labels onto an image that was read."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from mnist_core.inference.reading import Digit, Mark
from mnist_core.preprocessing.extraction import Box
from mnist_core.preprocessing.grey import Image, shrink

__all__ = ["DIGIT_COLOR", "FONT", "draw_boxes"]

# RGB. Orange stands out from paper, board and skin, and dark text is legible on it. Non-digits are
# grey, so that the eye passes over them.
DIGIT_COLOR, _NON_DIGIT_COLOR, _TEXT_COLOR = (255, 150, 0), (140, 140, 140), (30, 15, 0)
FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_boxes(
    image: Image,
    digits: Iterable[Digit],
    left_out: Iterable[Mark] = (),
    *,
    longest_side: int = 1600,
) -> Image:
    """Return a copy of an image with a box and a label around each digit.

    A digit that is written in an unusual way has an asterisk. A non-digit has a grey box with a "?"
    and, small beside it, the best guess; a mark that was left out has a thin grey box.

    Args:
        image: (h, w) grey, (h, w, 3) RGB or (h, w, 4) RGBA, uint8.
        digits: the result of `Recognizer.read` for this image.
        left_out: the marks that the reading left out.
        longest_side: the copy is shrunk to this many pixels, so that a browser can show it.

    Returns:
        (h', w', 3) RGB uint8.
    """
    copy, scale = shrink(_rgb_copy(image), longest_side)
    line = max(2, round(max(copy.shape[:2]) / 400))
    for mark in left_out:
        cv2.rectangle(copy, *_corners(mark.box, scale, line, copy.shape), _NON_DIGIT_COLOR, 1)
    for digit in digits:
        corners = _corners(digit.box, scale, line, copy.shape)
        cv2.rectangle(copy, *corners, _color(digit), line, cv2.LINE_AA)
        _draw_tag(copy, digit, corners[0], line)
    return copy


def _corners(
    box: Box, scale: float, line: int, shape: tuple[int, ...]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Two corners of the rectangle around a box, not on it, but inside the image."""
    left, top, width, height = (round(value * scale) for value in box)
    right = min(shape[1] - 1, left + width + 2 * line)
    bottom = min(shape[0] - 1, top + height + 2 * line)
    return (max(0, left - 2 * line), max(0, top - 2 * line)), (right, bottom)


def _rgb_copy(image: Image) -> Image:
    """A copy in RGB; transparent parts become white."""
    if image.ndim == 2:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    if image.shape[2] == 4:
        alpha = image[:, :, 3:].astype(np.uint16)
        return ((image[:, :, :3] * alpha + 255 * (255 - alpha)) // 255).astype(np.uint8)
    return image.copy()


def _color(digit: Digit) -> tuple[int, int, int]:
    return DIGIT_COLOR if digit.is_digit else _NON_DIGIT_COLOR


def _draw_tag(image: Image, digit: Digit, corner: tuple[int, int], line: int) -> None:
    """Draw the label of a digit, on a filled rectangle; its box has this upper left corner."""
    texts = [(digit.tag, max(0.5, 0.3 * line))]
    if not digit.is_digit:
        texts.append((str(digit.label), max(0.4, 0.2 * line)))
    sizes = [cv2.getTextSize(text, FONT, scale, line)[0] for text, scale in texts]
    # Above the box, or inside it if there is no room; never beyond the right edge.
    pad, height = 2 * line, sizes[0][1]
    width = pad + sum(text_width + pad for text_width, _ in sizes)
    baseline = max(corner[1] - pad, height + pad)
    left = max(0, min(corner[0], image.shape[1] - 1 - width))
    corners = (left, baseline - height - pad), (left + width, baseline + pad)
    cv2.rectangle(image, *corners, _color(digit), cv2.FILLED)
    thickness = max(1, line // 2)
    for (text, scale), (text_width, _) in zip(texts, sizes, strict=True):
        position = (left + pad, baseline)
        cv2.putText(image, text, position, FONT, scale, _TEXT_COLOR, thickness, cv2.LINE_AA)
        left += text_width + pad
