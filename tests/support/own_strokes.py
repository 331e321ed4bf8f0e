"""Digits of our own, as pen strokes in a box of 100 by 100, y pointing down.

They are part of the repository: every test that draws can use them.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

Stroke = list[tuple[float, float]]


def curve(*points: tuple[float, float], steps: int = 6) -> Stroke:
    """A Catmull-Rom spline through the points."""
    p = np.array([points[0], *points, points[-1]], float)
    t = np.linspace(0, 1, steps, endpoint=False)[:, np.newaxis]
    parts = [
        0.5
        * (
            2 * p[i]
            + (p[i + 1] - p[i - 1]) * t
            + (2 * p[i - 1] - 5 * p[i] + 4 * p[i + 1] - p[i + 2]) * t**2
            + (3 * p[i] - p[i - 1] - 3 * p[i + 1] + p[i + 2]) * t**3
        )
        for i in range(1, len(p) - 2)
    ]
    return [(float(x), float(y)) for x, y in [*np.concatenate(parts), points[-1]]]


def line(*points: tuple[float, float]) -> Stroke:
    """Straight lines between the points, in steps like those of a mouse."""
    path: Stroke = []
    for (x0, y0), (x1, y1) in pairwise(points):
        path += [(x0 + (x1 - x0) * k / 8, y0 + (y1 - y0) * k / 8) for k in range(8)]
    return [*path, points[-1]]


OWN_STROKES: dict[int, list[Stroke]] = {
    0: [curve((55, 5), (28, 20), (18, 55), (32, 92), (60, 95), (80, 65), (78, 25), (55, 5))],
    1: [line((55, 2), (46, 98))],
    2: [curve((22, 25), (40, 4), (68, 10), (72, 38), (48, 68), (20, 95), (50, 92), (84, 95))],
    3: [
        curve(
            (24, 12), (50, 2), (74, 18), (62, 42), (44, 48), (68, 54), (78, 76), (56, 97), (22, 88)
        )
    ],
    4: [line((40, 4), (18, 58), (84, 58)), line((68, 30), (62, 98))],
    5: [
        [
            *line((34, 6), (28, 44)),
            *curve((28, 44), (54, 38), (76, 58), (66, 88), (40, 97), (20, 86)),
        ],
        line((34, 6), (78, 5)),
    ],
    6: [curve((64, 4), (38, 26), (24, 62), (34, 94), (62, 94), (72, 72), (54, 56), (28, 68))],
    7: [line((20, 8), (80, 6), (42, 98))],
    8: [
        curve(
            (70, 16), (48, 4), (30, 18), (44, 42), (68, 66), (66, 90), (44, 97), (28, 82), (42, 58),
            (66, 38), (70, 16),
        )
    ],
    9: [curve((72, 24), (52, 6), (30, 20), (32, 44), (54, 48), (72, 26), (70, 60), (62, 98))],
}  # fmt: skip

# A zigzag with more ink than any digit.
SCRIBBLE: list[Stroke] = [line(*((10 + 80 * (k % 2), 5 + 9 * k) for k in range(11)))]

# Styles that MNIST's American writers rarely use: label and strokes.
STYLES: dict[str, tuple[int, list[Stroke]]] = {
    "7 with a bar": (7, [line((20, 8), (80, 6), (42, 98)), line((34, 50), (78, 48))]),
    "1 with a flag": (1, [line((28, 34), (56, 4), (54, 98))]),
    "4 open at the top": (4, [curve((28, 6), (24, 50), (78, 50)), line((70, 8), (68, 98))]),
    "8 of two rings": (
        8,
        [
            curve((50, 4), (30, 14), (32, 38), (52, 46), (70, 34), (68, 12), (50, 4)),
            curve((52, 46), (26, 58), (26, 86), (50, 97), (76, 84), (74, 58), (52, 46)),
        ],
    ),
    "9 with a straight stem": (
        9,
        [
            curve((70, 20), (46, 4), (28, 24), (40, 46), (66, 38), (70, 20)),
            line((70, 14), (68, 98)),
        ],
    ),
}
