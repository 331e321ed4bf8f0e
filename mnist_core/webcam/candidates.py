"""What may be digits in the region of a frame, in a straightened card, or in a row of digits."""

from __future__ import annotations

from dataclasses import dataclass

import cv2

from mnist_core.inference.surfaces import MAX_DIGITS
from mnist_core.preprocessing.extraction import Box
from mnist_core.preprocessing.framing import FramedDigit, frame_found
from mnist_core.preprocessing.grey import SOFT_EDGE, Image, binarize
from mnist_core.preprocessing.ink import Ink, InkMap, ink_map
from mnist_core.preprocessing.rows import are_neighbors
from mnist_core.preprocessing.segmentation import InkedDigit, find_digits
from mnist_core.webcam.settings import WebcamSettings

__all__ = ["Candidates", "find_candidates"]

# Before a fixed threshold, blur by a standard deviation of this many pixels: noise is not ink.
_BLUR = 1.2
# Digits are at least this high, as a share of the region's height, unless they stand in a row with
# one that is.
_MIN_HEIGHT = 0.1


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidates:
    """What may be digits in a region; boxes in its pixels.

    Attributes:
        found: the ink of each.
        cut: boxes of what may be digits, too, but continues outside of the region.
        left_out: boxes of all other ink.
        ink: (h, w) uint8, 0 or 255.
    """

    found: list[FramedDigit]
    cut: list[Box]
    left_out: list[Box]
    ink: Image


def find_candidates(region: Image, settings: WebcamSettings) -> Candidates:
    """Find what may be digits in a region, (h, w) uint8."""
    if settings.threshold is None:
        inked = ink_map(region, settings.ink)
    else:
        inked = InkMap(ink=_apply_threshold(region, settings.threshold, settings.ink), grey=region)
    solid = binarize(inked.ink, SOFT_EDGE - 1)
    if not settings.inference:
        return Candidates(found=[], cut=[], left_out=[], ink=solid)
    found = find_digits(inked.ink, drawn=inked.drawn, lines=inked.lines_down)
    inside = [digit for digit in found.digits if _is_inside(digit.box, solid.shape)]
    digits = _high_enough(inside, _MIN_HEIGHT * len(solid))
    kept = {digit.box for digit in digits}
    return Candidates(
        found=frame_found(inked, digits if len(digits) <= MAX_DIGITS else []),
        cut=[d.box for d in found.digits if not _is_inside(d.box, solid.shape)],
        left_out=[mark.box for mark in found.left_out]
        + [digit.box for digit in inside if digit.box not in kept],
        ink=solid,
    )


def _high_enough(digits: list[InkedDigit], least: float) -> list[InkedDigit]:
    """The digits that are high enough, and those in a row with them: no number gets shorter."""
    reached = [digit.box for digit in digits if digit.box[3] >= least]
    lower = [digit.box for digit in digits if digit.box[3] < least]
    for box in reached:  # it grows
        beside = [other for other in lower if are_neighbors(box, other)]
        lower = [other for other in lower if other not in beside]
        reached += beside
    return [digit for digit in digits if digit.box in reached]


def _apply_threshold(region: Image, level: int, ink: Ink) -> Image:
    """Return 255 where it is lighter, or darker, than a level; "auto" takes the smaller part."""
    light = binarize(cv2.GaussianBlur(region, (0, 0), _BLUR), level)
    if ink == "auto":
        ink = "light" if 2 * cv2.countNonZero(light) <= light.size else "dark"
    return light if ink == "light" else cv2.bitwise_not(light)


def _is_inside(box: Box, shape: tuple[int, ...]) -> bool:
    """Is a box clear of the image's border? What touches it may continue outside."""
    left, top, width, height = box
    return left > 0 and top > 0 and left + width < shape[1] and top + height < shape[0]
