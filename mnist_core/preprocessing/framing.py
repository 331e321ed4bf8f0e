"""The ink of digits to MNIST frames.

A frame is made the way MNIST was: the digit is scaled, anti-aliased and with its aspect ratio kept,
so that its longer side is 20 px, then placed into 28x28 with its center of mass in the middle
(LeCun et al., 1998). In all 60,000 training images of MNIST the center of mass is within half a
pixel of (14, 14).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mnist_core.data import FRAME_SIZE
from mnist_core.preprocessing.background import background_unevenness
from mnist_core.preprocessing.grey import SOFT_EDGE, Image, binarize, scaled_size
from mnist_core.preprocessing.ink import InkMap
from mnist_core.preprocessing.segmentation import Box, InkedDigit

__all__ = [
    "LINE_HEIGHT",
    "LINE_MARGIN",
    "FramedDigit",
    "frame_digit",
    "frame_found",
    "frame_line",
    "frame_piece",
]

# In pixels: the longer side of a digit in its frame.
_DIGIT_SIZE = 20
# In pixels: the height of a line for the string network, the empty rows above and below its ink,
# and the empty columns on both sides. The ink is at most this many times as wide as high.
LINE_HEIGHT, _LINE_ROWS, LINE_MARGIN, _MAX_LINE_WIDTH = 32, 2, 6, 12


@dataclass(frozen=True, kw_only=True, eq=False)
class FramedDigit:
    """A digit found in an image.

    Attributes:
        box: (x, y, width, height) in pixels of the image.
        frame: (28, 28) uint8, white ink on black.
        ink: (h, w) uint8, 0 to 255: the ink that the frame was made of, in pixels of the ink
            map.
        unevenness: of the background in a photograph (see `background`); 0 in a drawing.
    """

    box: Box
    frame: Image
    ink: Image
    unevenness: float = 0.0


def frame_found(inked: InkMap, digits: Sequence[InkedDigit]) -> list[FramedDigit]:
    """Make the frames of digits that were found in an ink map, with boxes in its pixels."""
    if inked.grey is None:
        return [FramedDigit(box=d.box, frame=frame_digit(d), ink=d.ink) for d in digits]
    solid = binarize(inked.ink, SOFT_EDGE - 1)
    if inked.ruled is not None:  # a line beside a digit is no part of its background
        solid[inked.ruled.across | inked.ruled.down] = 255
    return [
        FramedDigit(
            box=digit.box,
            frame=frame_digit(digit),
            ink=digit.ink,
            unevenness=background_unevenness(inked.grey, solid, digit.box),
        )
        for digit in digits
    ]


def frame_digit(digit: InkedDigit) -> Image:
    """Make the MNIST frame of one digit.

    Args:
        digit: its ink, cut out to its box.

    Returns:
        (28, 28) uint8, white ink on black, as bright at its brightest pixel as the digit's ink.
    """
    ink = digit.ink
    scale = _DIGIT_SIZE / max(ink.shape)
    if scale != 1:
        # Area averaging can only shrink.
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        ink = cv2.resize(ink, scaled_size(ink.shape, scale), interpolation=interpolation)
        # Averaging makes a thin stroke grey; MNIST's ink is white.
        ink = cv2.convertScaleAbs(ink, alpha=float(digit.ink.max()) / max(float(ink.max()), 1.0))
    moments = cv2.moments(ink)
    mass = max(moments["m00"], 1e-9)
    frame = np.zeros((FRAME_SIZE, FRAME_SIZE), np.uint8)
    top = _first_pixel(moments["m01"] / mass, ink.shape[0])
    left = _first_pixel(moments["m10"] / mass, ink.shape[1])
    frame[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return frame


def frame_piece(whole: FramedDigit, piece: InkedDigit) -> FramedDigit:
    """Make the frame of a piece that was cut from ink; its box is in pixels of `whole.ink`."""
    left, top, width, height = whole.box
    rows, columns = whole.ink.shape
    x, y, piece_width, piece_height = piece.box
    box = (
        left + round(x * width / columns),
        top + round(y * height / rows),
        max(1, round(piece_width * width / columns)),
        max(1, round(piece_height * height / rows)),
    )
    return FramedDigit(
        box=box, frame=frame_digit(piece), ink=piece.ink, unevenness=whole.unevenness
    )


def frame_line(ink: Image) -> Image:
    """Make the image of digits that touch, for the string network.

    Args:
        ink: (h, w) uint8, 0 for background to 255 for full ink, cut to its box.

    Returns:
        (`LINE_HEIGHT`, w') uint8: the ink, scaled to the same height, between empty margins.
    """
    height, width = ink.shape
    inner = LINE_HEIGHT - 2 * _LINE_ROWS
    scale = min(inner / height, inner * _MAX_LINE_WIDTH / width)
    line = np.zeros((LINE_HEIGHT, round(width * scale) + 2 * LINE_MARGIN), np.uint8)
    columns, rows = scaled_size(ink.shape, scale)
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(ink, (columns, rows), interpolation=interpolation)
    scaled = cv2.convertScaleAbs(scaled, alpha=255 / max(float(scaled.max()), 1.0))
    first = (LINE_HEIGHT - rows) // 2
    line[first : first + rows, LINE_MARGIN : LINE_MARGIN + columns] = scaled
    return line


def _first_pixel(center_of_mass: float, length: int) -> int:
    """Where the ink begins in the frame: centered by its mass, but wholly inside."""
    return min(max(round(FRAME_SIZE / 2 - center_of_mass), 0), FRAME_SIZE - length)
