"""The images of single digits, letters and signs that synthetic numbers consist of."""

from __future__ import annotations

import string
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.augmentation.outliers import synthesize_outliers
from mnist_core.augmentation.synthetic_digits import synthesize_digits
from mnist_core.data import CLASSES, LabelledArrays
from mnist_core.preprocessing.grey import SOFT_EDGE

__all__ = ["CAPITAL_HEIGHT", "GlyphPool", "cut_to_ink", "pen_width"]

Image = NDArray[np.uint8]

# The height of a printed capital letter, px.
CAPITAL_HEIGHT = 26
# Images of synthetic digits, of non-digits and of each letter in a pool.
_SYNTHETIC, _OUTLIERS, _OF_EACH_LETTER = 40_000, 25_000, 60
# Standard deviation of a glyph's place in the order of pens within a string.
_PEN = 0.07


@dataclass(frozen=True)
class _Glyphs:
    """Images of one class, cut to their ink, from the thinnest pen to the thickest."""

    images: list[Image]

    def choose(self, pen: float, random: np.random.Generator) -> Image:
        """A random image written with nearly that pen, 0 to 1 from the thinnest."""
        place = min(max(pen + random.normal(0, _PEN), 0.0), 1.0)
        return self.images[round(place * (len(self.images) - 1))]


class GlyphPool:
    """The single digits and non-digits that strings consist of.

    Args:
        digits: images of MNIST's training half.
        random: generator of the synthetic images.
        size: share of the usual number of synthetic images.
    """

    def __init__(
        self, digits: LabelledArrays, random: np.random.Generator, *, size: float = 1.0
    ) -> None:
        labels = random.integers(0, CLASSES, round(_SYNTHETIC * size)).astype(np.uint8)
        self.written = _sort_glyphs(digits.images, digits.labels)
        self.styles = _sort_glyphs(synthesize_digits(labels, random), labels)
        self.letters = _Glyphs(
            sorted(
                (
                    _print_letter(letter, random)
                    for letter in string.ascii_letters
                    for _ in range(max(1, round(_OF_EACH_LETTER * size)))
                ),
                key=pen_width,
            )
        )
        outliers = synthesize_outliers(round(_OUTLIERS * size), random)
        (self.signs,) = _sort_glyphs(outliers, np.zeros(len(outliers), np.uint8), classes=1)


def _sort_glyphs(images: Image, labels: NDArray[np.uint8], classes: int = CLASSES) -> list[_Glyphs]:
    sorted_glyphs = []
    for label in range(classes):
        glyphs = [cut_to_ink(image) for image in images[labels == label]]
        glyphs = [glyph for glyph in glyphs if min(glyph.shape) > 1]
        sorted_glyphs.append(_Glyphs(sorted(glyphs, key=pen_width)))
    return sorted_glyphs


def _print_letter(letter: str, random: np.random.Generator) -> Image:
    """A letter of OpenCV's variable font: words also have letters that look like digits alone."""
    canvas = np.zeros((80, 80), np.uint8)
    font = cv2.FontFace("sans" if random.random() < 0.5 else "italic")
    weight = int(random.integers(150, 800))
    cv2.putText(canvas, letter, (20, 50), (255, 255, 255), font, 34, weight=weight)
    return cut_to_ink(canvas)


def cut_to_ink(image: Image) -> Image:
    """The part of a (h, w) uint8 image, white on black, that has ink, without its soft edge."""
    left, top, width, height = cv2.boundingRect((image >= SOFT_EDGE).view(np.uint8))
    return np.ascontiguousarray(image[top : top + height, left : left + width])


def pen_width(glyph: Image) -> float:
    """The mean width of the strokes, as a share of the longer side of a (h, w) uint8 image.

    It is twice the area divided by the length of the outline.
    """
    ink = np.pad(glyph, 1).astype(np.int16)
    outline = np.abs(np.diff(ink, axis=0)).sum() + np.abs(np.diff(ink, axis=1)).sum()
    return float(2 * ink.sum() / max(outline, 1)) / max(glyph.shape)
