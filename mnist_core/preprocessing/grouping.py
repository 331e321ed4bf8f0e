"""Components to digits: which strokes belong to one digit?

A hand lifts the pen inside a digit (the bar of a 5, the stem of a 4, the bar through a 7) but
leaves a gap between digits. So strokes are merged by their distance, size and position.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.preprocessing.budget import check_time
from mnist_core.preprocessing.components import Component, Labels, component_mask, typical_height

__all__ = ["group_components"]

# Lengths below are shares of the height of the taller of two components, unless stated otherwise.
#
# A component up to this height is not a digit beside the other but a part: a bar, a dot, a flag.
_PART_HEIGHT = 0.6
# One component is above the other if they share this much of the narrower one's width …
_OVERLAP = 0.5
# … and a part that is belongs to its digit up to this distance. So does a bar in the upper half: it
# has at most this height, and is this many times as wide as high, as only the bar of a 5 is. A
# flat part below a digit, or one that is wider than both together are high, is a sign. (If the bar
# had to share columns with its digit, no minus would be one, but two of 2,000 MNIST digits fail.)
_OVERLAP_REACH = 0.35
_BAR_HEIGHT, _BAR_WIDTH = 0.42, 1.3
# A part that shares less must be nearer than digits are written side by side.
_BESIDE_REACH = 0.05
# Tall components above each other, such as the loops of an 8, belong together up to this distance.
_STACKED_REACH = 0.15
# Components side by side are two digits, unless they are an open 4 and its stem. In shares of the
# height of both together: they are this near, and the stem begins this far below the top of the
# left one, and passes its foot as far on both sides …
_STEM_REACH, _STEM_CLEAR = 0.13, 0.1
# … and the left one is a single stroke in this upper share of its height, in this share of rows.
_ABOVE_FOOT, _SINGLE_ROWS = 0.5, 0.9
# No yardstick is taller than this share of the typical height.
_TALL = 1.4

# A digit has hardly ever more pieces than this, however badly it was photographed. It also bounds
# the work: each of the pieces has neighbors.
_MAX_PIECES = 12
# A component smaller than this share of the largest one is dust, not even a dot of a digit.
_DUST = 0.04
# Distances are measured between at most about this many points of each outline.
_OUTLINE_POINTS = 100


def group_components(components: list[Component], labels: Labels) -> list[Component]:
    """Merge the connected components, sorted with the largest first, of each digit."""
    if len(components) < 2:
        return components
    components = [c for c in components if c.side >= _DUST * components[0].side]
    shapes = _Shapes(components, labels)
    return _merge_strokes(components, shapes)


class _Shapes:
    """The shapes of components: their outlines and strokes."""

    def __init__(self, components: list[Component], labels: Labels) -> None:
        self.typical = typical_height(components)
        self._labels = labels
        self._halves = _halves_of_equals_signs(components)
        self._distances: dict[tuple[int, int], float] = {}
        self._outlines = {c.labels[0]: _outline(c, labels) for c in components}

    def distance(self, one: Component, other: Component) -> float:
        """The number of pixels between two components."""
        return min(self._piece_distance(a, b) for a in one.labels for b in other.labels)

    def _piece_distance(self, one: int, other: int) -> float:
        """The number of pixels between two pieces; groups ask for the same ones again."""
        pair = (min(one, other), max(one, other))
        if pair not in self._distances:
            first, second = self._outlines[one], self._outlines[other]
            # The points of outlines that touch are one pixel apart.
            squares = (first**2).sum(axis=1)[:, np.newaxis] + (second**2).sum(axis=1)
            squares -= 2 * (first @ second.T)  # exact: the coordinates are whole numbers
            self._distances[pair] = float(np.sqrt(squares.min())) - 1
        return self._distances[pair]

    def is_sign(self, component: Component) -> bool:
        """Is a component one or both bars of an equals sign?"""
        return self._halves.issuperset(component.labels)

    def is_single_stroke(self, component: Component) -> bool:
        """Does each row, down to where the foot of a 4 may begin, cross one stroke only?"""
        mask = component_mask(component, self._labels)
        rows = mask[: max(1, round(_ABOVE_FOOT * component.height))]
        starts = (np.diff(rows.astype(np.int8), axis=1, prepend=0) == 1).sum(axis=1)
        return float((starts <= 1).mean()) >= _SINGLE_ROWS


def _halves_of_equals_signs(components: list[Component]) -> set[int]:
    """The labels of flat components with another one, of about the same place and width, near."""
    flat = [c for c in components if c.width >= _BAR_WIDTH * c.height]
    left, top, right, bottom = (
        np.array([(c.left, c.top, c.right, c.bottom) for c in flat], float).reshape(-1, 4).T
    )
    shared = np.minimum(right, right[:, np.newaxis]) - np.maximum(left, left[:, np.newaxis])
    width = np.maximum(right - left, (right - left)[:, np.newaxis])
    gap = np.maximum(top, top[:, np.newaxis]) - np.minimum(bottom, bottom[:, np.newaxis])
    twins = (shared >= _OVERLAP * width) & (gap >= 0) & (gap <= width)
    return {c.labels[0] for c, has_twin in zip(flat, twins.any(axis=0), strict=True) if has_twin}


def _merge_strokes(components: list[Component], shapes: _Shapes) -> list[Component]:
    """Merge strokes that are near enough, each with the component that it is nearest to."""
    boxes = np.array([(c.left, c.top, c.right, c.bottom) for c in components], float)
    groups = dict(enumerate(components))

    known: dict[tuple[Component, Component], float] = {}

    def distance(i: int, j: int) -> float:
        pair = groups[i], groups[j]
        if pair not in known:
            check_time()
            known[pair] = _relative_distance(*pair, shapes)
        return known[pair]

    def belongs_elsewhere(i: int, j: int) -> bool:
        """Is there a taller component that the j-th is nearer to than to the i-th?"""
        others = (k for k in _neighbors(boxes, j) if k in groups and k not in (i, j))
        limit = distance(i, j)
        return any(groups[k].height > groups[j].height and distance(j, k) < limit for k in others)

    def find_partner(i: int) -> int | None:
        for j in _neighbors(boxes, i):
            if (
                j in groups
                and len(groups[i].labels) + len(groups[j].labels) <= _MAX_PIECES
                and distance(i, j) <= 1
                and (groups[j].height > groups[i].height or not belongs_elsewhere(i, j))
            ):
                return j
        return None

    for i in range(len(components)):
        # A merged component may reach farther: search again.
        while i in groups and (j := find_partner(i)) is not None:
            merged = groups[i] = groups[i].merge(groups.pop(j))
            boxes[i] = merged.left, merged.top, merged.right, merged.bottom
    return list(groups.values())


def _neighbors(boxes: NDArray[np.float64], i: int) -> list[int]:
    """The boxes within the largest reach of the i-th, the smallest component first."""
    gap = np.maximum(boxes[:, :2], boxes[i, :2]) - np.minimum(boxes[:, 2:], boxes[i, 2:])
    height = np.maximum(boxes[:, 3] - boxes[:, 1], boxes[i, 3] - boxes[i, 1])
    near = gap.max(axis=1) <= _OVERLAP_REACH * height
    near[i] = False
    return [int(j) for j in np.flatnonzero(near)[::-1]]


def _relative_distance(one: Component, other: Component, shapes: _Shapes) -> float:
    """The distance of two components, divided by the largest of strokes of one digit."""
    high, low = (one, other) if one.height >= other.height else (other, one)
    middle = (high.top + high.bottom) / 2
    gap_x = max(one.left, other.left) - min(one.right, other.right)
    gap_y = max(one.top, other.top) - min(one.bottom, other.bottom)
    overlap = -gap_x / min(one.width, other.width)
    # One wrong merge must not make the next ones more likely: neither a tall group is a yardstick,
    # nor a line.
    scale = min(max(one.scale, other.scale), _TALL * shapes.typical)
    if _is_open_four(one, other, shapes):
        reach = _STEM_REACH * one.merge(other).height / scale
    elif low.height <= _PART_HEIGHT * scale:
        flat = low.width >= _BAR_WIDTH * low.height
        whole = max(high.bottom, low.bottom) - min(high.top, low.top)
        if flat and (low.width > whole or low.top >= high.bottom):
            return np.inf
        # The bar of a 5 is on its right; a sign is on either side.
        bar = flat and low.height <= _BAR_HEIGHT * scale and low.bottom <= middle
        bar = bar and low.left + low.right > high.left + high.right
        if gap_x >= 0 and shapes.is_sign(low):
            return np.inf
        reach = _OVERLAP_REACH if overlap >= _OVERLAP or bar else _BESIDE_REACH
    elif overlap >= _OVERLAP:
        reach = _STACKED_REACH
    else:
        return np.inf
    # The distance of the boxes is less, and quick to compute.
    if np.hypot(max(gap_x, 0), max(gap_y, 0)) - 1 > reach * scale:
        return np.inf
    return shapes.distance(one, other) / (reach * scale)


def _is_open_four(one: Component, other: Component, shapes: _Shapes) -> bool:
    """Could these be the strokes of a 4 that do not touch: an L, and a stem passing its foot?"""
    angle, stem = (one, other) if one.right <= other.right else (other, one)
    height = max(one.bottom, other.bottom) - min(one.top, other.top)
    return (
        stem.left > (angle.left + angle.right) / 2
        and stem.top >= angle.top + _STEM_CLEAR * height
        and stem.top <= angle.bottom - _STEM_CLEAR * height
        and stem.bottom >= angle.bottom + _STEM_CLEAR * height
        and shapes.is_single_stroke(angle)
    )


def _outline(component: Component, labels: Labels) -> NDArray[np.float64]:
    """Points on the outline of a component: (n, 2), x and y in pixels of the image."""
    mask = component_mask(component, labels)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    points = np.concatenate(contours).reshape(-1, 2)
    points = points[:: max(1, len(points) // _OUTLINE_POINTS)]
    return points.astype(np.float64) + np.array((component.left, component.top), np.float64)
