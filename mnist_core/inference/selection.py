"""The best of several readings of an image: recognition decides, not a threshold on pixels.

    hypotheses  the normal one (`extract_digits`), and, where it leaves a doubt, the ink lighter and
                the ink darker than a plain border (`extract_plain_digits`)
    doubt       no digit, a non-digit, or a small image, whose polarity is not measured reliably
    quality     digit score times confidence, averaged over the areas of the boxes; non-digits: 0
    best        the hypothesis with the highest quality; the normal one wins a tie

An alternative reading of a larger image may contain digits only, and not more than `_MAX_DIGITS`:
many small pieces are a texture. An image without doubt is read once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import numpy as np

from mnist_core.inference.reading import Digit, Reading
from mnist_core.preprocessing.framing import (
    Extract,
    FramedDigit,
    Ink,
    extract_digits,
    extract_plain_digits,
)
from mnist_core.preprocessing.grey import Image

__all__ = ["read_best"]

# Images up to this longer side, in pixels, are small: 28x28, also enlarged to twice that. Of 1,000
# MNIST test images as JPEG of quality 75, 99.4% are read correctly; 69% with one hypothesis.
_SMALL_SIDE = 64
_MAX_DIGITS = 12


def read_best(
    image: Image, ink: Ink, read_found: Callable[[Sequence[FramedDigit]], list[Digit]]
) -> Reading:
    """Read an image in the way that recognition is most certain of.

    Args:
        image: as for `Recognizer.read`, which also describes the errors.
        ink: "light", "dark", or "auto".
        read_found: recognizes digits that were found.
    """

    def read(extract: Extract, hypothesis: str) -> Reading:
        digits = read_found(extract.digits)
        return Reading(digits=digits, left_out=extract.left_out, hypothesis=hypothesis)

    best = read(extract_digits(image, ink), "normal")
    is_small = max(np.shape(image)[:2]) <= _SMALL_SIDE
    if not is_small and best.digits and all(digit.is_digit for digit in best.digits):
        return best
    for hypothesis, extract in _alternatives(image, ink):
        reading = read(extract, hypothesis)
        digits = reading.digits
        is_clean = len(digits) <= _MAX_DIGITS and all(digit.is_digit for digit in digits)
        if (is_small or is_clean) and _quality(digits) > _quality(best.digits):
            best = reading
    return best


def _alternatives(image: Image, ink: Ink) -> Iterator[tuple[str, Extract]]:
    """Other ways to find the ink of an image, with their names."""
    polarities: tuple[Literal["light", "dark"], ...]
    polarities = ("light", "dark") if ink == "auto" else (ink,)
    for polarity in polarities:
        yield f"plain, {polarity} ink", extract_plain_digits(image, polarity)


def _quality(digits: Sequence[Digit]) -> float:
    """The mean certainty of the digits, 0 to 1, weighted by the areas of their boxes."""
    if not digits:
        return 0.0
    areas = [digit.box[2] * digit.box[3] for digit in digits]
    values = [digit.digit_score * digit.confidence * digit.is_digit for digit in digits]
    return float(np.average(values, weights=areas))
