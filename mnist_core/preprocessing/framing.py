"""Any image to MNIST frames: one way for canvas, photograph and webcam.

    pixels -> ink map -> digits in reading order -> each cut, scaled, centered -> (28, 28)

The frame is made the way MNIST was: the digit scaled, aspect kept and anti-aliased, so that its
longer side is 20 px, then put into 28x28 with its center of mass in the middle (LeCun et al.,
1998). In all of MNIST's 60,000 training images the center of mass is within half a pixel of
(14, 14).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.data import FRAME_SIZE
from mnist_core.preprocessing.images import check_image
from mnist_core.preprocessing.ink import Ink, ink_map
from mnist_core.preprocessing.segmentation import Box, InkedDigit, find_digits

__all__ = ["Box", "FramedDigit", "Ink", "extract_digits", "frame_digit"]

_DIGIT_SIZE = 20
_CENTER = 14
# Larger images are shrunk before anything else: digits that can be read stay readable.
_WORKING_SIDE = 1600


@dataclass(frozen=True, kw_only=True, eq=False)
class FramedDigit:
    """A digit found in an image.

    Attributes:
        box: (x, y, width, height) in pixels of the image.
        frame: (28, 28) uint8, white ink on black.
    """

    box: Box
    frame: NDArray[np.uint8]


def extract_digits(image: NDArray[np.uint8], ink: Ink = "auto") -> list[FramedDigit]:
    """Find the digits of an image and make MNIST frames of them.

    Args:
        image: (h, w) grey, (h, w, 3) RGB or (h, w, 4) RGBA, uint8; 1x1 to 64 megapixels.
        ink: "light" or "dark" digits; "auto" finds out.

    Returns:
        The digits in reading order; empty for an image without ink.

    Raises:
        InvalidImageError: not such an image.
        ValueError: `ink` is none of the three.
    """
    image = check_image(image)
    if ink not in ("auto", "light", "dark"):
        raise ValueError(f"ink is 'auto', 'light' or 'dark'. Received: {ink!r}")
    height, width = image.shape[:2]
    scale = min(1.0, _WORKING_SIDE / max(height, width))
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    found = ink_map(image, ink)
    digits = find_digits(found.ink, drawn=found.drawn)
    return [
        FramedDigit(box=_scale_box(digit.box, 1 / scale, width, height), frame=frame_digit(digit))
        for digit in digits
    ]


def frame_digit(digit: InkedDigit) -> NDArray[np.uint8]:
    """The MNIST frame of one digit.

    Args:
        digit: its ink, cut to its box.

    Returns:
        (28, 28) uint8, white ink on black, its brightest pixel 255.
    """
    ink = digit.ink
    height, width = ink.shape
    scale = _DIGIT_SIZE / max(height, width)
    if scale != 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        # Area averaging can only shrink.
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        ink = cv2.resize(ink, size, interpolation=how)
        # A thin pen is grey once it is averaged; MNIST's ink is white.
        ink = cv2.convertScaleAbs(ink, alpha=float(digit.ink.max()) / max(float(ink.max()), 1.0))
    moments = cv2.moments(ink)
    mass = max(moments["m00"], 1e-9)
    frame = np.zeros((FRAME_SIZE, FRAME_SIZE), np.uint8)
    # The digit always fits: its longer side is 20, but a lopsided one can be pushed over the edge.
    top = _place(moments["m01"] / mass, ink.shape[0])
    left = _place(moments["m10"] / mass, ink.shape[1])
    frame[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return frame


def _place(center_of_mass: float, length: int) -> int:
    return min(max(round(_CENTER - center_of_mass), 0), FRAME_SIZE - length)


def _scale_box(box: Box, scale: float, width: int, height: int) -> Box:
    if scale == 1:
        return box
    left, top = int(box[0] * scale), int(box[1] * scale)
    right = min(width, round((box[0] + box[2]) * scale))
    bottom = min(height, round((box[1] + box[3]) * scale))
    return left, top, max(1, right - left), max(1, bottom - top)
