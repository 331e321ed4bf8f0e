"""Draws boxes and labels onto an image that was read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from mnist_core.inference.reading import Digit, Mark
from mnist_core.preprocessing.extraction import Box
from mnist_core.preprocessing.grey import Image, scaled_size, shrink

__all__ = ["DIGIT_COLOR", "FONT", "draw_boxes"]

# RGB. Orange stands out from paper, board and skin, and dark text is legible on it. Non-digits are
# grey, so that the eye passes over them.
DIGIT_COLOR, _NON_DIGIT_COLOR, _TEXT_COLOR = (255, 150, 0), (140, 140, 140), (30, 15, 0)
FONT = cv2.FONT_HERSHEY_SIMPLEX
# On a smaller picture, the labels would be larger than its digits.
_SMALL = 480


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
        longest_side: the copy is shrunk to this many pixels, so that a browser can show it. A
            small picture is enlarged.

    Returns:
        (h', w', 3) RGB uint8. Where labels need room, there are more rows above the picture.
    """
    copy, scale = _scale(_rgb_copy(image), longest_side)
    line = max(2, round(max(copy.shape[:2]) / 400))
    shape = copy.shape
    tags = [(d, _corners(d.box, scale, line, shape), _layout(d, line)) for d in digits]
    marks = [_corners(mark.box, scale, line, shape) for mark in left_out]
    room = max([0, *(tag.height - top for _, ((_, top), _), tag in tags)])
    copy = cv2.copyMakeBorder(copy, room, 0, 0, 0, cv2.BORDER_REPLICATE)
    inside = copy[room:]
    for corners in marks:
        cv2.rectangle(inside, *corners, _NON_DIGIT_COLOR, 1)
    for digit, corners, _ in tags:
        cv2.rectangle(inside, *corners, _color(digit), line, cv2.LINE_AA)
    for digit, ((left, top), _), tag in tags:
        _draw_tag(copy, tag, (left, top + room), _color(digit))
    return copy


def _scale(image: Image, longest_side: int) -> tuple[Image, float]:
    """Shrink a large image, enlarge a small one; returns the scale, too."""
    scale = min(_SMALL, longest_side) / max(image.shape[:2])
    if scale <= 1:
        return shrink(image, longest_side)
    size = scaled_size(image.shape, scale)
    return cv2.resize(image, size, interpolation=cv2.INTER_CUBIC), scale


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


@dataclass(frozen=True)
class _Tag:
    """The label of a digit: its texts with their scale and width, and its size, all in px."""

    texts: list[tuple[str, float, int]]
    pad: int
    line: int
    width: int
    height: int


def _layout(digit: Digit, line: int) -> _Tag:
    texts = [(digit.tag, max(0.5, 0.3 * line))]
    if not digit.is_digit:
        texts.append((str(digit.label), max(0.4, 0.2 * line)))
    sizes = [cv2.getTextSize(text, FONT, scale, line)[0] for text, scale in texts]
    pad = 2 * line
    return _Tag(
        texts=[(*text, width) for text, (width, _) in zip(texts, sizes, strict=True)],
        pad=pad,
        line=line,
        width=pad + sum(width + pad for width, _ in sizes),
        height=sizes[0][1] + 2 * pad,
    )


def _draw_tag(
    image: Image, tag: _Tag, corner: tuple[int, int], color: tuple[int, int, int]
) -> None:
    """Draw a label on a filled rectangle, above the upper left corner of a box."""
    # Never beyond the right edge.
    left = max(0, min(corner[0], image.shape[1] - 1 - tag.width))
    top = corner[1] - tag.height
    cv2.rectangle(image, (left, top), (left + tag.width, corner[1]), color, cv2.FILLED)
    thickness = max(1, tag.line // 2)
    for text, scale, width in tag.texts:
        position = (left + tag.pad, corner[1] - tag.pad)
        cv2.putText(image, text, position, FONT, scale, _TEXT_COLOR, thickness, cv2.LINE_AA)
        left += width + tag.pad
