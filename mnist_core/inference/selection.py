"""The best of several readings of an image: recognition decides, not a threshold on pixels.

    hypotheses  the normal one (`extract_digits`), and, where it leaves a doubt, the ink lighter and
                the ink darker than a plain border (`extract_plain_digits`); where it leaves a doubt
                or leaves out ink, the surfaces with a clear edge (`extract_surfaces`), compared
                in `inference.surfaces`; before the others where digits are in doubt
    doubt       no digit, a non-digit, as much ink left out as a digit is long, or a small image,
                whose polarity is not measured reliably
    quality     digit score times confidence, averaged over the areas of the boxes; non-digits: 0
    best        the hypothesis with the highest quality; the normal one wins a tie

If nothing of a photograph is read, its polarity may have been measured incorrectly, as in a table:
what is read with the other one wins by its area times its quality, unless it reaches the border, as
the wall beside a face does.

Lines that run from border to border are erased, but the strokes of a large digit and the lines of a
table may do so, too. Where lines were erased and digits are in doubt, or few, the image is read
with its lines, too; the larger area of the digits, times the quality, wins, unless there are more
non-digits. Without a doubt, there must be fewer digits: a line may also make another digit of one.

A row of digits that is turned is read level, too, and the more certain of both readings wins.

An alternative reading of a larger image may contain digits only, and not more than `MAX_DIGITS`:
many small pieces are a texture. An image without doubt is read once.

All this takes `READING_SECONDS` at most. A cluttered image, for which that is not enough, is read
in the normal way only; if even that takes longer, it is refused.

At the end, the digits of the best reading are judged by their neighbors (see `context`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Literal

import numpy as np

from mnist_core.errors import ClutteredImageError
from mnist_core.inference.context import judge_in_context
from mnist_core.inference.reading import Digit, Reading, certain_area
from mnist_core.inference.surfaces import (
    MAX_DIGITS,
    best_on_surfaces,
    more_certain_on,
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
# More marks are a page, or a texture: what else it may be would take seconds to read.
_MOST = 150
# A digit that runs from border to border falls into a few pieces when its strokes are erased.
_FEW = 3
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
        best = _find_best(image, ink, read_found, quick)
    return judge_in_context(best, threshold)


def _find_best(
    image: Image,
    ink: Ink,
    read_found: Callable[[Sequence[FramedDigit]], list[Digit]],
    quick: bool,
) -> Reading:
    """The reading of the best hypothesis, mark by mark, with all that competed."""
    considered: list[Reading] = []

    def read(extract: Extract, hypothesis: str, around: Sequence[Box] = ()) -> Reading:
        height, width = np.shape(image)[:2]
        other = [*around, *(mark.box for mark in extract.left_out)]
        whole = (width, height) if hypothesis not in _STRAIGHTENED else None
        reading = Reading(
            digits=refuse_unwritten(read_found(extract.digits), other, whole),
            left_out=extract.left_out,
            hypothesis=hypothesis,
            size=(width, height),
        )
        for row in map(read_found, extract.small):
            reading = _add_row(reading, row)
        considered.append(reading)
        return reading

    extract = extract_digits(image, ink)
    best = read(extract, "normal")
    if not quick:
        best = replace(best, complete=False)
        with suppress(ClutteredImageError):  # The normal reading is there.
            best = _compare(image, ink, extract, replace(best, complete=True), read)
            best = _read_level(image, ink, best, read)
    return replace(best, considered=considered)


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


def _compare(
    image: Image,
    ink: Ink,
    extract: Extract,
    best: Reading,
    read: Callable[..., Reading],
) -> Reading:
    """The best of the hypotheses that are worth reading; `best` is the normal one."""
    clean = _is_clean(best)
    is_small = max(np.shape(image)[:2]) <= _SMALL_SIDE
    surfaces: _Surfaces | None = None
    if not clean and not is_small and len(best.digits) <= _MOST:
        # On a ground full of marks, the time would not suffice for the other ways before that.
        surfaces = _read_surfaces(image, ink, read, drawn=extract.drawn)
        winner = _best_surface(best, surfaces)
        if winner is not best and _is_clean(winner):
            return winner
    try:
        best = _compare_ways(image, ink, extract, best, read)
    except ClutteredImageError:
        best = replace(best, complete=False)
    if is_small or (_is_clean(best) and not best.left_out) or len(best.digits) > _MOST:
        return best
    return _best_surface(best, surfaces or _read_surfaces(image, ink, read, drawn=extract.drawn))


def _compare_ways(
    image: Image,
    ink: Ink,
    extract: Extract,
    best: Reading,
    read: Callable[..., Reading],
) -> Reading:
    """The best of the ways to find the ink of the whole image; `best` is the normal one."""
    clean = _is_clean(best)
    if extract.erased and best.digits and (not clean or len(best.digits) <= _FEW):
        kept = read(extract_digits(image, ink, keep_lines=True), "lines kept")
        # A line that is kept must not be one more digit, or make a non-digit of one.
        fewer = len(kept.digits) < len(best.digits) + (not clean)
        as_good = _count_refused(kept) <= _count_refused(best)
        if fewer and as_good and certain_area(kept) > certain_area(best):
            best = kept
    is_small = max(np.shape(image)[:2]) <= _SMALL_SIDE
    if ink == "auto" and not extract.drawn and not is_small and best.digits and not best.quality:
        # What else looks like ink remains a doubt: the eyes of a face are among its outlines.
        around = [d.box for d in best.digits] + [mark.box for mark in best.left_out]
        inverted = read(extract_inverted_digits(image), "other polarity", around)
        if not any(reaches_border(digit.box, inverted.size) for digit in inverted.digits):
            best = max(best, inverted, key=certain_area)
    if (_is_clean(best) and not is_small) or len(best.digits) > _MOST:
        return best
    for hypothesis, found in _alternatives(image, ink):
        reading = read(found, hypothesis)
        digits = reading.digits
        is_clean = len(digits) <= MAX_DIGITS and all(digit.is_digit for digit in digits)
        if (is_small or is_clean) and reading.quality > best.quality:
            best = reading
    return best


def _read_surfaces(
    image: Image, ink: Ink, read: Callable[..., Reading], *, drawn: bool
) -> _Surfaces:
    """What is read on each surface, as far as the time suffices."""
    readings: list[tuple[Surface, Reading]] = []
    with suppress(ClutteredImageError):
        for surface, extract in extract_surfaces(image, ink):
            if drawn and extract.drawn:
                continue  # a shape in a drawing, not a photograph pasted into one
            readings.append((surface, move_to_image(read(extract, "surface"), surface)))
        return readings, True
    return readings, False


def _best_surface(best: Reading, surfaces: _Surfaces) -> Reading:
    """The best reading of a surface, or `best` if that is better."""
    readings, complete = surfaces
    found = best_on_surfaces(best, [(s, more_certain_on(s, best, r)) for s, r in readings])
    return replace(found, complete=False) if not complete else found


def _read_level(image: Image, ink: Ink, best: Reading, read: Callable[..., Reading]) -> Reading:
    """The reading of a row that is turned, level, if that is more certain of as many digits."""
    boxes = [digit.box for digit in best.digits]
    if abs(row_angle(boxes)) < TURNED:
        return best
    row, extract = extract_row(image, ink, boxes)
    level = move_to_image(read(extract, "level"), row)
    return level if len(level.digits) >= len(boxes) and level.quality > best.quality else best


def _alternatives(image: Image, ink: Ink) -> Iterator[tuple[str, Extract]]:
    """Other ways to find the ink of an image, with their names."""
    polarities: tuple[Literal["light", "dark"], ...]
    polarities = ("light", "dark") if ink == "auto" else (ink,)
    for polarity in polarities:
        yield f"plain, {polarity} ink", extract_plain_digits(image, polarity)


def _count_refused(reading: Reading) -> int:
    return sum(not digit.is_digit for digit in reading.digits)


def _is_clean(reading: Reading) -> bool:
    """Are there only digits, and, put end to end, no more ink left out than the longest is long?"""
    longest = max((max(digit.box[2:]) for digit in reading.digits), default=0)
    left_out = sum(max(mark.box[2:]) for mark in reading.left_out if mark.reason == "speck")
    return longest >= max(left_out, 1) and all(digit.is_digit for digit in reading.digits)
