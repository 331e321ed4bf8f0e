"""The best of several readings of an image: recognition decides, not a threshold on pixels.

    hypotheses  the normal one (`extract_digits`), and, where it leaves a doubt, the ink lighter and
                the ink darker than a plain border (`extract_plain_digits`); where it leaves a doubt
                or leaves out ink, the surfaces with a clear edge (`extract_surfaces`), compared
                in `inference.surfaces`; before the others where digits are in doubt
    doubt       no digit, a non-digit, as much ink left out as a digit is long, or a small image,
                whose polarity is not measured reliably
    quality     digit score times confidence, averaged over the areas of the boxes; non-digits: 0
    best        the hypothesis with the highest quality; the normal one wins a tie

A drawing that is blurred may be overexposed paper: it is read as a photograph, too, which wins with
a higher quality and digits only.

If nothing of a photograph is read, its polarity may have been measured incorrectly, as in a table:
what is read with the other one wins by its area times its quality, unless it reaches the border, as
the wall beside a face does.

Lines that run from border to border are erased, but the strokes of a large digit and the lines of a
table may do so, too. Where lines were erased and digits are in doubt, the image is read with its
lines, too; the larger area of the digits, times the quality, wins, unless there are more digits or
more non-digits.

A row of digits that is turned is read level, too, and the more certain of both readings wins.

An alternative reading of a larger image may contain digits only, of a photograph not only ones, and
not more than `MAX_DIGITS`: many small pieces are a texture. An image without doubt is read once.

All this takes `READING_SECONDS` at most. A cluttered image, for which that is not enough, is read
in the normal way only; if even that takes longer, it is refused.

At the end, the digits of the best reading are judged by their neighbors (see `context`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Literal

import numpy as np

from mnist_core.errors import ClutteredImageError
from mnist_core.inference.context import judge_in_context
from mnist_core.inference.reading import Digit, Reading, certain_area
from mnist_core.inference.surfaces import (
    MAX_DIGITS,
    are_ones,
    best_on_surfaces,
    move_to_image,
)
from mnist_core.inference.surroundings import reaches_border, refuse_unwritten
from mnist_core.preprocessing.budget import READING_SECONDS, time_budget
from mnist_core.preprocessing.extraction import (
    Box,
    Extract,
    Ink,
    extract_digits,
    extract_inverted_digits,
    extract_photographed_digits,
    extract_plain_digits,
    extract_row,
    extract_surfaces,
)
from mnist_core.preprocessing.framing import FramedDigit
from mnist_core.preprocessing.grey import Image
from mnist_core.preprocessing.rows import reading_order
from mnist_core.preprocessing.surface import TURNED, Surface, row_angle

__all__ = ["read_best"]

# Images up to this longer side, in pixels, are small: 28x28, also enlarged to twice that. Of 1,000
# MNIST test images as JPEG of quality 75, 99.4% are read correctly; 69% with one hypothesis.
_SMALL_SIDE = 64
# More marks are a page, or a texture: what else it may be would take seconds to read. A card may
# lie on the texture.
_MOST = 150
# Each digit of a row of small marks is at least this certain.
_CERTAIN = 0.9
# Surfaces with what was read on each, and whether these are all.
_Surfaces = tuple[list[tuple[Surface, Reading]], bool]
# Readings of a part of the image, in its own pixels.
_STRAIGHTENED = ("surface", "level")


def read_best(
    image: Image,
    ink: Ink,
    read_found: Callable[[Sequence[FramedDigit]], list[Digit]],
    threshold: float,
    *,
    quick: bool = False,
) -> Reading:
    """Read an image in the way that recognition is most certain of.

    Args:
        image: as for `Recognizer.read`, which also describes the errors.
        ink: "light", "dark", or "auto".
        read_found: recognizes digits that were found.
        threshold: the digit score from which on `read_found` accepts a digit.
        quick: try the normal hypothesis only.

    Raises:
        ClutteredImageError: reading it in the normal way takes longer than `READING_SECONDS`.
    """
    with time_budget(READING_SECONDS):
        reader = _Reader(image, ink, read_found)
        best = reader.find_best(quick=quick)
    return judge_in_context(replace(best, considered=reader.considered), threshold)


class _Reader:
    """Reads an image in several ways, and keeps all that competed."""

    def __init__(
        self, image: Image, ink: Ink, read_found: Callable[[Sequence[FramedDigit]], list[Digit]]
    ) -> None:
        self.considered: list[Reading] = []
        self._image, self._ink, self._read_found = image, ink, read_found
        self._whole = extract_digits(image, ink)
        height, width = np.shape(image)[:2]
        self._size = width, height
        self._is_small = max(self._size) <= _SMALL_SIDE

    def find_best(self, *, quick: bool) -> Reading:
        """The reading of the best hypothesis; if `quick`, of the normal one."""
        normal = self._read(self._whole, "normal")
        if quick:
            return normal
        best = replace(normal, complete=False)
        with suppress(ClutteredImageError):  # The normal reading is there.
            best = self._compare(normal)
            best = self._read_level(best)
        return best

    def _read(self, extract: Extract, hypothesis: str, around: Sequence[Box] = ()) -> Reading:
        other = [*around, *(mark.box for mark in extract.left_out)]
        whole = self._size if hypothesis not in _STRAIGHTENED else None
        reading = Reading(
            digits=refuse_unwritten(self._read_found(extract.digits), other, whole),
            left_out=extract.left_out,
            hypothesis=hypothesis,
            size=self._size,
        )
        for row in map(self._read_found, extract.small):
            reading = _add_row(reading, row)
        self.considered.append(reading)
        return reading

    def _compare(self, normal: Reading) -> Reading:
        """The best of the hypotheses that are worth reading."""
        surfaces: _Surfaces | None = None
        if not (_is_clean(normal) or _is_page(normal) or self._is_small):
            # On a ground full of marks, the time would not suffice for the other ways before that.
            surfaces = self._read_surfaces()
            winner = _best_surface(normal, surfaces)
            if winner is not normal and _is_clean(winner):
                return winner
        try:
            best = self._compare_ways(normal)
        except ClutteredImageError:
            best = replace(normal, complete=False)
        if (_is_clean(best) and not best.left_out) or _is_page(best) or self._is_small:
            return best
        return _best_surface(best, surfaces or self._read_surfaces())

    def _compare_ways(self, normal: Reading) -> Reading:
        """The best of the ways to find the ink of the whole image."""
        best, whole = normal, self._whole
        if whole.erased and best.digits and not _is_clean(best):
            best = self._keep_lines(best)
        if whole.blurred and not self._is_small:
            best = self._read_photographed(best)
        nothing_read = bool(best.digits) and not best.quality
        if nothing_read and self._ink == "auto" and not whole.drawn and not self._is_small:
            best = self._invert(best)
        if (self._is_small or not _is_clean(best)) and len(best.digits) <= _MOST:
            best = self._read_plain(best)
        return best

    def _keep_lines(self, best: Reading) -> Reading:
        """The reading with the lines that were erased, if that is better."""
        kept = self._read(extract_digits(self._image, self._ink, keep_lines=True), "lines kept")
        # A line that is kept must not be one more digit, or make a non-digit of one.
        more = len(kept.digits) > len(best.digits) or _count_refused(kept) > _count_refused(best)
        return kept if not more and certain_area(kept) > certain_area(best) else best

    def _read_photographed(self, best: Reading) -> Reading:
        """The reading of what looks like a blurred drawing as a photograph, if that is better."""
        extract = extract_photographed_digits(self._image, self._ink)
        reading = self._read(extract, "photograph")
        is_better = not _count_refused(reading) and reading.quality > best.quality
        return reading if is_better else best

    def _invert(self, best: Reading) -> Reading:
        """The reading of a photograph with the other polarity, if that is better."""
        # What else looks like ink remains a doubt: the eyes of a face are among its outlines.
        around = [d.box for d in best.digits] + [mark.box for mark in best.left_out]
        inverted = self._read(extract_inverted_digits(self._image), "other polarity", around)
        if any(reaches_border(digit.box, self._size) for digit in inverted.digits):
            return best
        return max(best, inverted, key=certain_area)

    def _read_plain(self, best: Reading) -> Reading:
        """The best reading with the ink of each polarity on a plain ground, or `best`."""
        polarities: tuple[Literal["light", "dark"], ...]
        polarities = ("light", "dark") if self._ink == "auto" else (self._ink,)
        for polarity in polarities:
            extract = extract_plain_digits(self._image, polarity)
            reading = self._read(extract, f"plain, {polarity} ink")
            is_clean = len(reading.digits) <= MAX_DIGITS and not _count_refused(reading)
            # In a photograph, a bare stroke that was refused is a pencil or an edge.
            is_written = self._whole.drawn or not are_ones(reading.digits)
            if (self._is_small or (is_clean and is_written)) and reading.quality > best.quality:
                best = reading
        return best

    def _read_surfaces(self) -> _Surfaces:
        """What is read on each surface, as far as the time suffices."""
        readings: list[tuple[Surface, Reading]] = []
        with suppress(ClutteredImageError):
            for surface, extract in extract_surfaces(self._image, self._ink):
                if self._whole.drawn and extract.drawn:
                    continue  # a shape in a drawing, not a photograph pasted into one
                reading = move_to_image(self._read(extract, "surface"), surface)
                readings.append((surface, reading))
            return readings, True
        return readings, False

    def _read_level(self, best: Reading) -> Reading:
        """The reading of a row that is turned, level, if it is more certain of as many digits."""
        boxes = [digit.box for digit in best.digits]
        if abs(row_angle(boxes)) < TURNED:
            return best
        row, extract = extract_row(self._image, self._ink, boxes)
        level = move_to_image(self._read(extract, "level"), row)
        return level if len(level.digits) >= len(boxes) and level.quality > best.quality else best


def _add_row(reading: Reading, row: Sequence[Digit]) -> Reading:
    """Add a row of small marks to a reading if they are certainly digits, and not only ones."""
    certain = all(digit.certainty >= _CERTAIN for digit in row)
    if not certain or all(digit.is_one for digit in row):
        return reading
    digits = [*reading.digits, *row]
    order = reading_order([digit.box for digit in digits])
    left_out = [mark for mark in reading.left_out if not any(_holds(d.box, mark.box) for d in row)]
    return replace(reading, digits=[digits[place] for place in order], left_out=left_out)


def _holds(box: Box, other: Box) -> bool:
    """Is another box within a box?"""
    ends = (box[0] + box[2], box[1] + box[3]), (other[0] + other[2], other[1] + other[3])
    return bool((np.subtract(other[:2], box[:2]) >= 0).all() and (np.subtract(*ends) >= 0).all())


def _best_surface(best: Reading, surfaces: _Surfaces) -> Reading:
    """The best reading of a surface, or `best` if that is better."""
    readings, complete = surfaces
    found = best_on_surfaces(best, readings)
    return replace(found, complete=False) if not complete else found


def _count_refused(reading: Reading) -> int:
    return sum(not digit.is_digit for digit in reading.digits)


def _is_page(reading: Reading) -> bool:
    """Are there many marks, and most of them read?"""
    return len(reading.digits) > max(_MOST, 2 * _count_refused(reading))


def _is_clean(reading: Reading) -> bool:
    """Are there only digits, and, put end to end, no more ink left out than the longest is long?"""
    longest = max((max(digit.box[2:]) for digit in reading.digits), default=0)
    left_out = sum(max(mark.box[2:]) for mark in reading.left_out if mark.reason == "speck")
    return longest >= max(left_out, 1) and all(digit.is_digit for digit in reading.digits)
