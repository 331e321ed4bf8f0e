"""Rare ways to write each digit, drawn by formulas of the tests' own; `rims` measures them.

The families are those of the training's styles (`mnist_core/assets/handwriting.json`); the way to
draw them is not: lines, arcs and Bézier curves with parameters of their own, most of them near
their extremes. What people write for either of two digits is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["FAMILIES", "Family", "Strokes"]

Points = NDArray[np.float64]
Strokes = list[Points]
Random = np.random.Generator


@dataclass(frozen=True)
class Family:
    """One way to write a digit: draws its strokes, in heights of the digit, y pointing down."""

    name: str
    digit: int
    draw: Callable[[Random], Strokes]


def rim(random: Random, low: float, high: float) -> float:
    """A parameter between two extremes, more often near them: the arcsine distribution."""
    return low + (high - low) * float(random.beta(0.5, 0.5))


def line(*points: tuple[float, float]) -> Points:
    """Straight lines between the points."""
    return np.array(points, float)


def bezier(*points: tuple[float, float]) -> Points:
    """A Bézier curve of any degree, 24 samples (de Casteljau's algorithm)."""
    t = np.linspace(0, 1, 24)[:, np.newaxis]
    curves = [np.broadcast_to(np.array(point, float), (24, 2)) for point in points]
    while len(curves) > 1:
        curves = [(1 - t) * a + t * b for a, b in pairwise(curves)]
    return curves[0]


def arc(x: float, y: float, rx: float, ry: float, start: float, end: float) -> Points:
    """An arc of an ellipse; angles in degrees, 0 at the right, 90 at the bottom."""
    turns = np.radians(np.linspace(start, end, 40))
    return np.column_stack([x + rx * np.cos(turns), y + ry * np.sin(turns)])


def joined(*parts: Points) -> Points:
    """One stroke of several parts; gaps between them become straight lines."""
    return np.concatenate(parts)


# The families. Lengths are in heights of the digit.


def _one_upstroke(random: Random) -> Strokes:
    """From a serif to as long as the stem, 20° to 55° beside it, straight or bowed."""
    length = rim(random, 0.2, 1.0)
    # A short flag may be flat; a flat and long one is a 7's.
    angle = np.radians(rim(random, 20, 55 - 25 * length))
    start = (-length * np.sin(angle), length * np.cos(angle))
    bow = rim(random, -0.06, 0.1)
    upstroke = bezier(start, (start[0] / 2 - bow * 0.7, start[1] / 2 - bow), (0, 0))
    lean = rim(random, -0.22, 0.1)
    return [joined(upstroke, bezier((0, 0), (lean / 2 + rim(random, -0.04, 0.06), 0.5), (lean, 1)))]


def _one_hooked_flag(random: Random) -> Strokes:
    """A flag that begins with a small hook, or lies close to the stem."""
    x, y = rim(random, 0.1, 0.28), rim(random, 0.28, 0.42)
    hook = rim(random, 0.03, 0.1)
    flag = bezier((-x - hook / 2, y - hook), (-x, y + hook), (-x / 2, y / 2), (0, 0))
    return [joined(flag, line((0, 0), (rim(random, -0.15, 0.05), 1)))]


def _one_with_foot(random: Random) -> Strokes:
    x, y = rim(random, 0.12, 0.35), rim(random, 0.12, 0.32)
    stem = joined(
        bezier((-x, y), (-x / 2, y * 0.8), (0, 0)), line((0, 0), (rim(random, -0.1, 0.0), 1))
    )
    foot, slope = rim(random, 0.2, 0.42), rim(random, -0.05, 0.05)
    middle = float(stem[-1, 0])
    return [stem, line((middle - foot, 1 + slope), (middle + foot, 1 - slope))]


def _two_short_foot(random: Random) -> Strokes:
    foot, lean = rim(random, 0.25, 0.6), rim(random, 0.0, 0.12)
    head = arc(0.28, 0.24, 0.27, 0.24, -200, 20)
    neck = bezier(tuple(head[-1]), (0.48, 0.55), (lean, 0.75), (lean, 1))
    bend = rim(random, -0.06, 0.02)
    return [joined(head, neck, bezier((lean, 1), (lean + foot / 2, 1 + bend), (lean + foot, 0.99)))]


def _three_flat(random: Random) -> Strokes:
    """Two flat arcs around a waist that is a notch of 0.08 to 0.3."""
    depth, lower = rim(random, 0.2, 0.42), rim(random, 0.22, 0.45)
    waist = 0.46
    upper = bezier((0, 0.06), (depth, -0.06), (depth * 1.3, 0.3), (rim(random, 0.02, 0.1), waist))
    end = (rim(random, -0.15, 0.1), rim(random, 0.92, 1.0))
    return [joined(upper, bezier(tuple(upper[-1]), (lower * 1.5, waist), (lower * 1.4, 1.05), end))]


def _four_one_stroke(random: Random) -> Strokes:
    """Open, in one stroke: down, along the bar, up a little, and down the stem."""
    bar, mouth = rim(random, 0.5, 0.64), rim(random, 0.28, 0.55)
    slope = rim(random, -0.02, 0.14)
    top = (rim(random, 0.1, 0.34), 0)
    tick = rim(random, 0.0, 0.3)
    knee = (mouth, bar - slope)
    down = bezier(top, (rim(random, -0.04, 0.1), bar * 0.7), (0, bar))
    rise = line(knee, (mouth + 0.05, knee[1] - tick))
    foot = (mouth + rim(random, -0.22, 0.02), 1.0)
    bend = mouth + rim(random, -0.02, 0.06)
    return [joined(down, line((0, bar), knee), rise, bezier(tuple(rise[-1]), (bend, 0.75), foot))]


def _four_stem(random: Random) -> Strokes:
    """In two strokes, its stem short, long, bent or beside the end of the bar."""
    bar, width = rim(random, 0.5, 0.68), rim(random, 0.4, 0.62)
    angle = joined(
        line((rim(random, 0.1, 0.4), 0), (0, bar)),
        line((0, bar), (width, bar - rim(random, -0.03, 0.06))),
    )
    x, start = width * rim(random, 0.6, 0.9), rim(random, 0.02, bar - 0.18)
    foot = x + rim(random, -0.16, 0.03)
    return [angle, bezier((x, start), (x + rim(random, -0.04, 0.04), bar), (foot, 1))]


def _five_lightning(random: Random) -> Strokes:
    """Angular, like lightning, with a slanted flag."""
    neck = rim(random, 0.4, 0.5)
    shoulder = (rim(random, 0.36, 0.5), neck + rim(random, 0.02, 0.12))
    foot = (rim(random, 0.0, 0.14), 1)
    flag = (rim(random, 0.4, 0.62), rim(random, -0.06, 0.04))
    left = rim(random, 0.02, 0.08)
    belly = bezier(shoulder, (shoulder[0] + rim(random, 0.0, 0.12), 0.78), foot)
    return [joined(line(flag, (0.12, 0.05), (left, neck), shoulder), belly)]


def _five_flag(random: Random) -> Strokes:
    """Its flag a stroke of its own: detached, slanted, or begun beside the neck."""
    neck, wide = rim(random, 0.38, 0.48), rim(random, 0.34, 0.56)
    x, gap = rim(random, 0.08, 0.24), rim(random, -0.02, 0.16)
    bowl = bezier((x - 0.08, neck), (wide * 1.5, neck - 0.12), (wide * 1.35, 1.12), (-0.08, 0.93))
    flag_end = (x + gap + rim(random, 0.26, 0.5), rim(random, -0.12, 0.06))
    return [joined(line((x, 0.06), (x - 0.08, neck)), bowl), line((x + gap, 0.04), flag_end)]


def _six_tiny_loop(random: Random) -> Strokes:
    """Its loop 0.16 to 0.4 high, its back straight or bowed."""
    ry = rim(random, 0.08, 0.2)
    rx = ry * rim(random, 0.9, 1.3)
    back = bezier((rim(random, 0.2, 0.5), 0), (rim(random, 0.0, 0.2), 0.4), (0, 1 - ry))
    return [joined(back, arc(rx, 1 - ry, rx, ry, 180, -170))]


def _seven_straight_bar(random: Random) -> Strokes:
    """Its bar 0.4 to 0.72 down, 0.3 to 0.7 wide; its top flat, hooked or round."""
    top, foot = rim(random, 0.4, 0.64), rim(random, 0.05, 0.35)
    bend = rim(random, 0.0, 0.14)
    head = bezier((0, 0.05), (top / 2, rim(random, -0.05, 0.1)), (top, 0))
    stem = bezier((top, 0), (max(top - 0.25, foot) + bend, 0.5), (foot, 1))
    level = rim(random, 0.42, 0.7)
    middle = float(np.interp(level, stem[:, 1], stem[:, 0]))
    half, slope = rim(random, 0.16, 0.34), rim(random, -0.03, 0.1)
    bar = line((middle - half, level + slope), (middle + half, level - slope))
    return [joined(head, stem), bar]


def _seven_waved_bar(random: Random) -> Strokes:
    """Round, its bar a wave or begun with a hook or a loop, 0.5 to 0.75 down."""
    stem = bezier(
        (0, 0.16), (0.1, -0.12), (rim(random, 0.5, 0.62), -0.02), (0.56, 0.4), (0.25, 0.7),
        (rim(random, 0.08, 0.28), 1),
    )  # fmt: skip
    level, wave = rim(random, 0.54, 0.72), rim(random, 0.03, 0.11)
    middle = float(np.interp(level, stem[8:, 1], stem[8:, 0]))
    left, right = middle - rim(random, 0.24, 0.38), middle + rim(random, 0.24, 0.38)
    hook = rim(random, 0.0, 0.14)
    start = arc(left + 0.05, level + hook / 2, 0.05, 0.01 + hook / 2, 90, 270)
    bar = bezier(
        (left + 0.05, level), (middle - 0.08, level - wave), (middle + 0.08, level + wave),
        (right, level - 0.06),
    )  # fmt: skip
    return [stem, joined(start, bar) if hook > 0.04 else bar]


def _eight_narrow(random: Random) -> Strokes:
    """One of its rings narrow or small, slanted."""
    small, large = rim(random, 0.07, 0.14), rim(random, 0.2, 0.28)
    upper, lower = (small, large) if random.random() < 0.5 else (large, small * 1.1)
    waist, lean = rim(random, 0.4, 0.54), rim(random, -0.15, 0.25)
    half = waist / 2
    rings = joined(
        arc(0, half, upper, half, 90, 450),
        arc(0, (1 + waist) / 2, lower, (1 - waist) / 2, -90, 270),
    )
    return [rings + np.outer(0.5 - rings[:, 1], (lean, 0))]


def _nine_knotted(random: Random) -> Strokes:
    """A small head, open inside or filled; its tail curled far to the left."""
    head = rim(random, 0.09, 0.17)
    x = rim(random, 0.3, 0.42)
    ring = arc(x - head, head, head, head * rim(random, 0.8, 1.2), 0, -360)
    end = (rim(random, -0.35, 0.05), rim(random, 0.86, 1.0))
    bulge = x + rim(random, 0.12, 0.36)
    return [joined(ring, bezier(tuple(ring[-1]), (bulge, 0.45), (bulge, 1.12), end))]


def _nine_open(random: Random) -> Strokes:
    """Its head open by 0.04 to 0.2, its tail straight or bent."""
    x, wide, tall = 0.5, rim(random, 0.17, 0.26), rim(random, 0.15, 0.25)
    gap = rim(random, 0.02, 0.12)
    head = arc(x - wide - gap, tall, wide, tall, rim(random, -50, -20), -330)
    stem = bezier((x, rim(random, 0.02, 0.1)), (x + rim(random, -0.02, 0.06), 0.5),
                  (x + rim(random, -0.3, 0.05), 1))  # fmt: skip
    return [joined(head, stem)]


def _zero_crossed(random: Random) -> Strokes:
    """Its two ends crossed at the top, 0.04 to 0.2 long."""
    wide, start = rim(random, 0.24, 0.4), rim(random, 5, 22)
    ring = arc(0, 0.5, wide, 0.5, -90 - start, -450 + start)
    length = rim(random, 0.04, 0.18)
    first, last = length * np.array([(0.9, -1), (-0.9, -1)])
    # From the right end over the ring to the left end.
    return [np.vstack([ring[0] + first, ring, ring[-1] + last])]


FAMILIES = (
    Family("0, its ends crossed at the top", 0, _zero_crossed),
    Family("1, its upstroke a serif to as long as the stem", 1, _one_upstroke),
    Family("1, its flag hooked or close to the stem", 1, _one_hooked_flag),
    Family("1 with flag and foot", 1, _one_with_foot),
    Family("2 with a short foot", 2, _two_short_foot),
    Family("3 of flat arcs", 3, _three_flat),
    Family("4 in one stroke, open", 4, _four_one_stroke),
    Family("4, its stem short, bent or at the side", 4, _four_stem),
    Family("5 like lightning", 5, _five_lightning),
    Family("5, its flag detached or slanted", 5, _five_flag),
    Family("6 with a small loop", 6, _six_tiny_loop),
    Family("7 with a straight bar", 7, _seven_straight_bar),
    Family("7, its bar waved or hooked", 7, _seven_waved_bar),
    Family("8 with a narrow ring", 8, _eight_narrow),
    Family("9, its head small, its tail curled", 9, _nine_knotted),
    Family("9, its head open", 9, _nine_open),
)
