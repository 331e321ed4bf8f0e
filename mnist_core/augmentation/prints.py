"""Printed signs: the letters among the non-digits, and the digits that are none the less digits.

The fonts are those that come with OpenCV and Pillow, so that a training needs no files.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.augmentation.synthetic_digits import frame_canvas
from mnist_core.data import FRAME_SIZE

__all__ = ["print_digits", "print_sign"]

# Range of the weight of OpenCV's variable font.
_THIN, _BOLD = 200, 900
# Shares of this font and of the fonts with serifs (A. V. Hershey, 1967); the rest is Pillow's.
_SANS, _HERSHEY = 0.45, 0.3
_SERIFS = (
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_COMPLEX | cv2.FONT_ITALIC,
    cv2.FONT_HERSHEY_TRIPLEX | cv2.FONT_ITALIC,
)


def print_digits(labels: NDArray[np.integer], random: np.random.Generator) -> NDArray[np.uint8]:
    """Print digits.

    Args:
        labels: (n,) digits, 0 to 9.
        random: generator of fonts, widths, slants and weights.

    Returns:
        (n, 28, 28) uint8 MNIST frames, white ink on black.
    """
    frames = [print_sign(str(label), random) for label in labels]
    return np.stack(frames) if frames else np.zeros((0, FRAME_SIZE, FRAME_SIZE), np.uint8)


def print_sign(sign: str, random: np.random.Generator) -> NDArray[np.uint8]:
    """A sign in one of the fonts, of random width, slant and weight, as a frame."""
    kind, canvas = random.random(), np.zeros((160, 200), np.uint8)
    if kind < _SANS:
        font = cv2.FontFace("sans" if random.random() < 0.7 else "italic")
        weight = int(random.integers(_THIN, _BOLD))
        cv2.putText(canvas, sign, (40, 120), (255, 255, 255), font, 90, weight=weight)
    elif kind < _SANS + _HERSHEY:
        serifs = _SERIFS[random.integers(len(_SERIFS))]
        pen = int(random.integers(1, 9))
        cv2.putText(canvas, sign, (50, 120), serifs, 4, 255, pen, cv2.LINE_AA)
    else:
        canvas = _print_with_pillow(sign)
    stretch, slant = random.uniform(0.65, 1.3), random.normal(0, 0.12)
    turn = cv2.getRotationMatrix2D((100, 80), random.normal(0, 5), 1)
    turn[:, :2] @= np.array([[stretch, slant], [0, 1]])
    turn[0, 2] += 100 * (1 - stretch)
    canvas = cv2.warpAffine(canvas, turn, (200, 160))
    pen = int(random.integers(-3, 6))
    if pen > 1:
        canvas = cv2.dilate(canvas, np.ones((pen, pen), np.uint8))
    return frame_canvas(canvas)


def _print_with_pillow(sign: str) -> NDArray[np.uint8]:
    from PIL import Image, ImageDraw, ImageFont

    canvas = Image.new("L", (200, 160))
    ImageDraw.Draw(canvas).text(
        (100, 80), sign, fill=255, font=ImageFont.load_default(100), anchor="mm"
    )
    return np.array(canvas)
