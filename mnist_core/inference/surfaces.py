"""What is written on a surface, or what was read on it and around it: which is the better reading?

What is on a surface (see `preprocessing.surface`) wins over what was read before, if

    - around it are no digits, or more non-digits than digits (a 1 is an edge or a grain, unless the
      ground around it is as even as paper, or it stands in a line with digits on the surface and
      clear of its edge; so, among larger non-digits, is what crosses the edge of a quadrilateral);
    - hardly fewer digits, by area, are read on it than before: its edge has cut no digit. Nor does
      it turn a digit into a non-digit where there was none;
    - the quality is higher, with what is around it as non-digits, or more is read on it. So the
      empty surface wins if nothing was read on it before. Ones alone are read on
      quadrilaterals; on other surfaces, as fingers are, if they were read before and nothing else
      is there.

Of several surfaces the one on which most is read with certainty wins, but ones alone are no match
for a number. What is more likely no digit than one is not read where nothing was read before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mnist_core.inference.reading import (
    Digit,
    Reading,
    explained_area,
    mean_certainty,
)
from mnist_core.inference.surroundings import is_on_paper
from mnist_core.preprocessing.surface import Surface

__all__ = ["MAX_DIGITS", "are_ones", "best_on_surfaces", "move_to_image"]

# More digits are small pieces of a texture.
MAX_DIGITS = 12
# On a surface, at least this share of the digits' area is read again: boxes vary with the turn.
_MIN_EXPLAINED = 0.8
# Digits in a line share at least this much of the higher one's height.
_SAME_LINE = 0.5


def best_on_surfaces(best: Reading, readings: Iterable[tuple[Surface, Reading]]) -> Reading:
    """The best reading of a surface, or `best` if that is better.

    Args:
        best: what was read without a surface.
        readings: surfaces, and what was read on each. All boxes are in the pixels of `best`.
    """
    winner = best
    for surface, reading in readings:
        wins = _wins(reading, best.digits, surface)
        if wins and (winner is best or _is_better(reading, winner)):
            winner = reading
    return winner


def move_to_image(reading: Reading, surface: Surface) -> Reading:
    """The reading of a straightened surface with its boxes in pixels of the surface's image."""
    digits = [replace(d, box=surface.box_in_image(d.box)) for d in reading.digits]
    left_out = [replace(m, box=surface.box_in_image(m.box)) for m in reading.left_out]
    return replace(reading, digits=digits, left_out=left_out)


def are_ones(digits: Sequence[Digit]) -> bool:
    """Are there marks, and all digits among them ones?"""
    return bool(digits) and all(digit.is_one for digit in digits if digit.is_digit)


def _is_better(one: Reading, other: Reading) -> bool:
    """Is one reading of a surface better than another? Ones alone, as of a pen, are the worst.

    Of as many digits, the more certain are better: the box around a turned digit is larger. Else
    each mark votes, by its area, for how much more likely it is read correctly than not: a cup is
    larger than the number on a card, but no certain digit.
    """

    same = _count(one.digits) == _count(other.digits)

    def rank(reading: Reading) -> tuple[bool, bool, float]:
        votes = sum((2 * digit.certainty - 1) * _area(digit) for digit in reading.digits)
        count, quality = _count(reading.digits), reading.quality if same else votes
        return not are_ones(reading.digits), count > 0, quality

    return rank(one) > rank(other)


def _wins(reading: Reading, before: Sequence[Digit], surface: Surface) -> bool:
    """Is the reading of a surface better than what was read before? See above."""
    digits = reading.digits
    on = [digit for digit in before if _is_on(digit, surface)]
    alone = _count(digits) == len(digits) <= _count(on) and not reading.left_out
    is_pen = are_ones(digits) and not (alone or surface.is_quadrilateral)
    was_clean = 0 < len(before) == _count(before)
    if len(digits) > MAX_DIGITS or is_pen or (was_clean and _count(digits) < len(digits)):
        return False
    around = [digit for digit in before if not _is_on(digit, surface)]
    clutter = sum(_area(digit) for digit in around if not digit.is_digit)
    lost = [digit for digit in around if _is_lost(digit, on, surface, clutter)]
    if clutter < sum(map(_area, lost)):
        return False
    if explained_area(digits) < _MIN_EXPLAINED * explained_area(on):
        return False
    if not digits:
        return not on
    if not explained_area(on) and 2 * mean_certainty(digits) < 1:
        return False
    areas = sum(map(_area, on)), sum(map(_area, before))
    more = max(1.0, _MIN_EXPLAINED * explained_area(digits) / max(explained_area(on), 1))
    return more * mean_certainty(digits) > mean_certainty(on) * areas[0] / max(areas[1], 1)


def _is_lost(digit: Digit, on: Sequence[Digit], surface: Surface, clutter: float) -> bool:
    """Would a digit around a surface be lost, or is it no digit either? See above."""
    is_across = _is_across(digit, surface)
    if not digit.is_digit or (is_across and clutter > _area(digit)):
        return False
    is_in_line = _is_in_line(digit, on) and not is_across
    return not digit.is_one or is_on_paper(digit) or is_in_line


def _is_on(digit: Digit, surface: Surface) -> bool:
    """Is a digit on a surface, or a non-digit wholly? Its own edge is a non-digit.

    The hole of a 0, which may look like a surface, is smaller than the 0.
    """
    if not digit.is_digit:
        return surface.holds(digit.box)
    return surface.holds_middle(digit.box) and _area(digit) <= surface.area


def _is_across(digit: Digit, surface: Surface) -> bool:
    """Does a digit lie across the edge of a quadrilateral, its middle outside?"""
    return surface.is_quadrilateral and surface.touches(digit.box)


def _is_in_line(digit: Digit, others: Sequence[Digit]) -> bool:
    """Is a digit as high as one of the others, and beside it?"""
    _, top, _, height = digit.box
    return any(
        min(top + height, other.box[1] + other.box[3]) - max(top, other.box[1])
        >= _SAME_LINE * max(height, other.box[3])
        for other in others
        if other.is_digit
    )


def _count(digits: Sequence[Digit]) -> int:
    return sum(digit.is_digit for digit in digits)


def _area(digit: Digit) -> int:
    return digit.box[2] * digit.box[3]
