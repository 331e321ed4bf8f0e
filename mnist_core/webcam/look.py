"""One look at a region of a frame, or at a card in it: the marks, and which of them are digits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mnist_core.inference.context import judge_in_context
from mnist_core.inference.reading import Digit, Mark, Reading
from mnist_core.inference.recognizer import Recognizer
from mnist_core.inference.surroundings import refuse_unwritten
from mnist_core.preprocessing.extraction import Box
from mnist_core.preprocessing.grey import Image
from mnist_core.preprocessing.rows import are_neighbors
from mnist_core.preprocessing.surface import TURNED, Surface, row_angle, view_row
from mnist_core.webcam.candidates import find_candidates
from mnist_core.webcam.region import to_working_size
from mnist_core.webcam.settings import WebcamSettings

__all__ = ["Look", "look_at"]

# Digits less high than this are looked at twice, in pixels of the size at which they are read. In a
# frame they are 20 high, and blur takes part of it.
_SMALL = 28
# On a background up to this unevenness, this share of the model's threshold is a sufficient
# digit score, except for a 1. Chosen on frames of the seeds 29 to 31, not of 28.
_EVEN, _EVEN_SCORE = 0.2, 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class Look:
    """What was seen in a picture; boxes in its pixels.

    Attributes:
        marks: all candidates as they were read, in reading order.
        cut: boxes of what may be digits, too, but continues outside of the picture.
        left_out: boxes of all other ink.
        certain: for each mark, whether the network's own score says that it is a digit.
        size: (width, height) of the picture.
        ink: (h, w) uint8, 0 or 255, at the size at which it was read.
    """

    marks: list[Digit]
    cut: list[Box]
    left_out: list[Box]
    certain: list[bool]
    size: tuple[int, int]
    ink: Image

    @property
    def scale(self) -> float:
        """The size at which it was read, as a share of the picture's."""
        return self.ink.shape[1] / self.size[0]

    @property
    def written(self) -> list[Digit]:
        """The digits, and what was read as none but stands in a row with one.

        None are written if most marks are no digits: a face, a hand, cloth.
        """
        accepted = [mark for mark in self.marks if mark.is_digit]
        if 2 * len(accepted) < len(self.marks):
            return []
        return [
            mark
            for mark in self.marks
            if mark.is_digit or any(are_neighbors(mark.box, digit.box) for digit in accepted)
        ]

    @property
    def reading(self) -> Reading:
        """All marks, as a reading that competes with others: with certain digits only."""
        digits = [
            replace(mark, is_digit=mark.is_digit and certain)
            for mark, certain in zip(self.marks, self.certain, strict=True)
        ]
        left_out = [Mark(box=box, reason="border") for box in self.cut]
        left_out += [Mark(box=box, reason="speck") for box in self.left_out]
        return Reading(digits=digits, left_out=left_out, size=self.size)

    @property
    def is_doubtful(self) -> bool:
        """Is there anything but certain digits?"""
        reading = self.reading
        clean = reading.text.isdecimal()
        return not clean or bool(self.cut or reading.noted)

    @property
    def note(self) -> str:
        """A sentence on what the border cuts of the row of digits: no number gets shorter."""
        written = self.written
        cut = [box for box in self.cut if any(are_neighbors(box, digit.box) for digit in written)]
        marks = [Mark(box=box, reason="border") for box in cut]
        return Reading(digits=written, left_out=marks, size=self.size).note

    def mirrored(self) -> Look:
        """What would be seen in a mirror, with what is written as it is."""

        def flip(box: Box) -> Box:
            return self.size[0] - box[0] - box[2], *box[1:]

        return replace(
            self,
            marks=[replace(mark, box=flip(mark.box)) for mark in self.marks],
            cut=[flip(box) for box in self.cut],
            left_out=[flip(box) for box in self.left_out],
        )

    def moved_from(self, surface: Surface, size: tuple[int, int]) -> Look:
        """A look at a straightened surface, with boxes in the image of that (width, height)."""
        return replace(
            self,
            marks=[replace(mark, box=surface.box_in_image(mark.box)) for mark in self.marks],
            cut=[surface.box_in_image(box) for box in self.cut],
            left_out=[surface.box_in_image(box) for box in self.left_out],
            size=size,
        )


def look_at(picture: Image, recognizer: Recognizer, settings: WebcamSettings) -> Look:
    """Look at a picture, (h, w, 3) BGR uint8; twice if its digits are small or turned."""
    look = _glance_at(picture, recognizer, settings)
    written = look.written
    heights = [mark.box[3] for mark in written if mark.is_digit]
    if not heights:
        return look
    boxes = [mark.box for mark in written]
    small = look.scale < 1 and np.median(heights) * look.scale < _SMALL
    if not small and abs(row_angle(boxes)) < TURNED:
        return look
    row = view_row(boxes)
    near = _glance_at(row.straighten(picture), recognizer, settings)
    if sum(mark.is_digit for mark in near.marks) < len(heights):
        return look
    return near.moved_from(row, look.size)


def _glance_at(picture: Image, recognizer: Recognizer, settings: WebcamSettings) -> Look:
    region = to_working_size(picture)
    candidates = find_candidates(region, settings)
    read = recognizer.read_found(candidates.found)
    threshold = recognizer.card.digit_threshold
    marks = refuse_unwritten(
        [_accept_on_even_paper(digit, threshold) for digit in read],
        candidates.cut + candidates.left_out,
    )
    specks = [Mark(box=box, reason="speck") for box in candidates.left_out]
    height, width = region.shape
    judged = judge_in_context(
        Reading(digits=marks, left_out=specks, size=(width, height)), threshold
    )
    certain = {digit.box for digit in read if digit.is_digit}
    size = picture.shape[1], picture.shape[0]
    scale = size[0] / width, size[1] / height
    return Look(
        marks=[replace(mark, box=_scale_box(mark.box, scale)) for mark in judged.digits],
        cut=[_scale_box(box, scale) for box in candidates.cut],
        left_out=[_scale_box(mark.box, scale) for mark in judged.left_out],
        certain=[mark.box in certain for mark in judged.digits],
        size=size,
        ink=candidates.ink,
    )


def _accept_on_even_paper(digit: Digit, threshold: float) -> Digit:
    """Accept a digit with a lower score than the model's threshold if its background is even."""
    even = digit.unevenness <= _EVEN and not digit.is_one
    accepted = even and digit.digit_score >= _EVEN_SCORE * threshold
    return replace(digit, is_digit=digit.is_digit or accepted)


def _scale_box(box: Box, scale: tuple[float, float]) -> Box:
    left, top, width, height = box
    return (
        round(left * scale[0]),
        round(top * scale[1]),
        max(1, round(width * scale[0])),
        max(1, round(height * scale[1])),
    )
