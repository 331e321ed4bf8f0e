"""Numbers as people write dates, prices, times and telephone numbers: digits with signs between."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from support.strokes import Stroke, draw_strokes

__all__ = ["NOTATIONS", "write_notation"]

Image = NDArray[np.uint8]
Generator = np.random.Generator

# Kind -> the lengths of its parts, and the signs around them.
NOTATIONS: dict[str, str] = {
    "date with slashes": "2/2/4",
    "fraction with a slash": "1/1",
    "price with a comma": "3,2",
    "time with a colon": "2:2",
    "telephone number in brackets": "(3)4",
    "number of an exercise": "2)",
    "temperature": "2°",
}


def write_notation(
    kind: str, write: Callable[[int, int], tuple[Image, str]], random: Generator
) -> tuple[Image, str]:
    """Write one of the kinds `NOTATIONS`.

    Args:
        kind: one of `NOTATIONS`.
        write: (number of digits, height in pixels) -> the ink of a number, and its text.
        random: generator of everything else.

    Returns:
        The ink, (h, w) uint8, with a margin, and the digits.
    """
    height = int(random.integers(50, 120))
    pen = max(2.0, height * random.uniform(0.06, 0.11))
    page = np.zeros((2 * height, 24 * height), np.uint8)
    top, left, text = 0.5 * height, 0.4 * height, ""
    # A writer draws the same sign in the same way.
    # (In the order of the text: that of a set differs from run to run.)
    parts = dict.fromkeys(NOTATIONS[kind])
    signs = {sign: _sign(sign, random) for sign in parts if not sign.isdigit()}
    for part in NOTATIONS[kind]:
        if part.isdigit():
            ink, digits = write(int(part), height)
            row, column = round(top + height - len(ink)), round(left)
            page[row : row + len(ink), column : column + ink.shape[1]] = ink
            left, text = left + ink.shape[1], text + digits
        else:
            start = min(x for stroke in signs[part] for x, _ in stroke)
            placed = [
                [(left + pen / 2 + (x - start) * height, top + y * height) for x, y in stroke]
                for stroke in signs[part]
            ]
            page = draw_strokes(placed, image=page, brush=pen)
            left = max(x for stroke in placed for x, _ in stroke) + pen / 2
        left += height * random.uniform(0.12, 0.3)
    return np.ascontiguousarray(page[:, : round(left + 0.3 * height)]), text


def _sign(sign: str, random: Generator) -> list[Stroke]:
    """The strokes of a sign; digits reach from y = 0 down to 1."""
    if sign == "/":
        height, middle = random.uniform(1.1, 1.5), random.uniform(0.45, 0.6)
        width = height * np.tan(np.radians(random.uniform(10, 38)))
        return [[(0.0, middle + height / 2), (width, middle - height / 2)]]
    if sign == ",":
        return [[(0.06, random.uniform(0.88, 0.95)), (0.0, random.uniform(1.05, 1.2))]]
    if sign == ":":
        return [
            [(0.0, y), (0.01, y)] for y in (random.uniform(0.2, 0.4), random.uniform(0.75, 0.9))
        ]
    if sign == "°":
        radius = random.uniform(0.09, 0.15)
        turn = np.linspace(0, 2 * np.pi, 24)
        return [[(float(radius * np.cos(a)), float(0.15 + radius * np.sin(a))) for a in turn]]
    half, bow = random.uniform(0.55, 0.7), random.uniform(0.12, 0.25)
    angles = np.radians(np.linspace(-80, 80, 24))
    side = 1 if sign == ")" else -1
    return [[(float(side * bow * np.cos(a)), float(0.5 + half * np.sin(a))) for a in angles]]
