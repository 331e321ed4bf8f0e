"""Divides an ink map into digits in reading order.

    ink map -> connected components -> border objects left out (photographs) -> grouped to digits
            -> specks left out -> sorted into lines of writing -> each digit's ink cut out

Lengths are in pixels of the ink map unless stated otherwise. What other values of the constants do
to the accuracy: tests/benchmarks/pictures.py and video.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from mnist_core.preprocessing.components import (
    MAX_COMPONENTS,
    Box,
    Component,
    Labels,
    component_mask,
    find_components,
    of_most_ink,
    typical_height,
)
from mnist_core.preprocessing.frames import find_frames
from mnist_core.preprocessing.grey import SOFT_EDGE, Image, Mask, binarize
from mnist_core.preprocessing.grouping import group_components
from mnist_core.preprocessing.rows import are_neighbors, reading_order, stands_beside, stands_in_row
from mnist_core.preprocessing.ruled_lines import STROKE_REACH

__all__ = ["Box", "Found", "InkedDigit", "Mark", "Reason", "find_digits"]

# Why ink is not read: it reaches in from the border of the image, or it is too small or too thin.
Reason = Literal["border", "speck"]

# If a photograph shows something this high clear of its border, everything at the border is left
# out: a share of its shorter side. (Height, because a dash of a printed line is long.)
_CLEAR_HEIGHT = 0.15
# What the border cuts is at most this many times as high as a digit beside it.
_MAX_CUT = 1.25
# A speck is a scratch: shorter than this share of the typical height, and thinner than this share
# of the typical stroke …
_SCRATCH = 0.55
# … or, of any length, a hair or the remains of a printed line: thinner than this share …
_HAIR_WIDTH = 0.27
# … or a dot of the pen: its longer side is at most this many times the width of its stroke.
_DOT = 1.6
# A dash, a fraction bar or an underline: of MNIST's 70,000 digits, none is wider than high by more
# than this factor. (Digits that touch may be, but they are not lower than this share of the typical
# height.)
_SIGN, _LOW = 2.5, 0.5
# The longer side of a digit has at least this many pixels, and in a photograph this share of the
# image's longer side. Without the share, empty paper with noise of 8 levels is shown as a "?".
_MIN_SIDE = 5
_MIN_SHARE = 0.018
# Writing that is smaller has at least this height in pixels; more marks than this are a texture.
# (With small rows, 92% of 60 numbers beside larger ones are read, 55% without; of 280 pictures in
# which nothing is written, none more is read.)
_LEGIBLE, _MOST_SMALL = 12, 40


@dataclass(frozen=True, kw_only=True, eq=False)
class InkedDigit:
    """The ink of one digit.

    Attributes:
        box: (x, y, width, height) in pixels of the ink map.
        ink: (height, width) uint8, 0 to 255, without its neighbors' ink.
    """

    box: Box
    ink: Image


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Ink that is not read.

    Attributes:
        box: (x, y, width, height) in pixels.
        reason: why it is left out.
    """

    box: Box
    reason: Reason


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """What was found in an ink map; boxes in its pixels.

    Attributes:
        digits: in reading order: top line first, then left to right.
        left_out: the connected ink that belongs to no digit, the largest first.
        small: rows of what is left out as too small or too thin, but may be small writing.
    """

    digits: list[InkedDigit]
    left_out: list[Mark]
    small: list[list[InkedDigit]]


def find_digits(ink: Image, *, drawn: bool, lines: Mask | None = None) -> Found:
    """Find the digits of an ink map.

    Args:
        ink: (h, w) uint8, from 0 for background to 255 for full ink.
        drawn: True for a drawing, where all ink is intended. In a photograph, ink that touches the
            border is a printed line, a shadow or a finger.
        lines: (h, w) bool, True on lines that run down and were erased; None without any.
    """
    shape, solid = ink.shape, binarize(ink, SOFT_EDGE - 1)
    # Crop to the ink and one pixel around it, so that only ink at the image's border touches it.
    x, y, width, height = cv2.boundingRect(solid)
    x, y, right, bottom = max(0, x - 1), max(0, y - 1), x + width + 1, y + height + 1
    ink, solid = ink[y:bottom, x:right], solid[y:bottom, x:right]
    components, labels = find_components(solid, MAX_COMPONENTS)
    erased = np.zeros(solid.shape, bool) if lines is None else lines[y:bottom, x:right]
    frames = find_frames(components, labels)
    if frames is not None:
        solid = np.where(frames.ink > 0, 0, solid)
        components, labels = find_components(solid, MAX_COMPONENTS)
        erased = erased | (frames.ink > 0)
        # The soft edge of a frame goes with it.
        near = cv2.dilate(frames.ink, np.ones((3, 3), np.uint8))
        ink = np.where((near > 0) & (solid == 0), 0, ink)
    inside = components
    if not drawn:
        min_height = _CLEAR_HEIGHT * min(shape)
        inside = _drop_border_objects(components, labels, min_height)
    groups = group_components(inside, labels)
    min_side = _MIN_SIDE if drawn else max(_MIN_SIDE, _MIN_SHARE * max(shape))
    digits, thin = _drop_specks(groups, labels, min_side)
    digits += _digits_in_rows(thin, digits, labels, None if drawn else erased)
    boxes = [digit.box for digit in digits]
    order = reading_order(boxes, frames.rows(boxes) if frames is not None else None)
    small = _small_rows([c for c in groups if c not in digits], labels)
    # A mark alone may be the number of a large picture.
    small = [r for r in small if len(r) > 1 or len(components) == 1 or _is_beside(r[0], boxes)]
    return Found(
        digits=[_cut_out(digits[index], ink, labels, (x, y)) for index in order],
        left_out=_left_out(components, inside, digits, (x, y)),
        small=[[_cut_out(mark, ink, labels, (x, y)) for mark in row] for row in small],
    )


def _is_beside(mark: Component, digits: Sequence[Box]) -> bool:
    return any(are_neighbors(mark.box, box) for box in digits)


def _small_rows(specks: list[Component], labels: Labels) -> list[list[Component]]:
    """Specks that are high enough and no dots, in rows as the digits of a number, left to right."""
    marks = [c for c in specks if c.height >= _LEGIBLE]
    if len(marks) > _MOST_SMALL:
        return []
    rows: list[list[Component]] = []
    for mark in sorted(marks, key=lambda c: c.left):
        if mark.side <= _DOT * _stroke_width(mark, labels):
            continue
        for row in rows:
            if are_neighbors(mark.box, row[-1].box):
                row.append(mark)
                break
        else:
            rows.append([mark])
    return rows


def _left_out(
    components: list[Component],
    inside: list[Component],
    digits: list[Component],
    origin: tuple[int, int],
) -> list[Mark]:
    """The connected components that are in no digit; `inside` are those clear of the border."""
    read = {label for digit in digits for label in digit.labels}
    clear = {label for component in inside for label in component.labels}
    return [
        Mark(
            box=(origin[0] + c.left, origin[1] + c.top, c.width, c.height),
            reason="speck" if c.labels[0] in clear else "border",
        )
        for c in components
        if c.labels[0] not in read
    ]


def _drop_border_objects(
    components: list[Component], labels: Labels, min_height: float
) -> list[Component]:
    """Leave out components at the border, if one of at least `min_height` px is clear of it.

    Kept are digits that the border cuts. If nothing is clear of the border, a digit may fill its
    picture, and only what lies along the border is left out: a shadow or a printed line.
    """
    height, width = labels.shape

    def is_clear(c: Component) -> bool:
        return c.left > 0 and c.top > 0 and c.right < width and c.bottom < height

    clear = [c for c in components if is_clear(c)]
    if max((c.height for c in clear), default=0) >= min_height:
        digits = [c for c in clear if c.height >= min_height]
        return [c for c in components if is_clear(c) or _is_cut_digit(c, digits)]

    def lies_along_border(c: Component) -> bool:
        # Ink that touches two opposite sides may be a digit that fills its picture.
        left_or_right = (c.left == 0) != (c.right == width)
        top_or_bottom = (c.top == 0) != (c.bottom == height)
        return (left_or_right and c.height > 2 * c.width) or (
            top_or_bottom and c.width > 2 * c.height
        )

    return [c for c in components if not lies_along_border(c)]


def _is_cut_digit(component: Component, digits: list[Component]) -> bool:
    """Does a component at the border stand in a row with digits?

    It may be lower than they are: the border can cut a 0 into two.
    """
    beside = (d for d in digits if d.height >= component.height / _MAX_CUT)
    return any(stands_beside(component.box, d.box) for d in beside)


def _drop_specks(
    components: list[Component], labels: Labels, min_side: float
) -> tuple[list[Component], list[Component]]:
    """Leave out what is too small, too thin or too round to be a digit.

    The longer side of a digit has at least `min_side` pixels. Returns the digits, and what is
    only too thin or too round.
    """
    if not components:
        return [], []
    typical = typical_height(components)

    def is_sign(component: Component) -> bool:
        return component.width > _SIGN * component.height and component.height < _LOW * typical

    large = [c for c in components if c.side >= min_side and not is_sign(c)]
    widths = {c: _stroke_width(c, labels) for c in large}
    # A fingertip is no pen.
    strokes = [c for c in large if c.side > _DOT * widths[c]]
    inks = [cv2.countNonZero(component_mask(c, labels)) for c in strokes]
    pen = of_most_ink([widths[c] for c in strokes], inks)

    def is_digit(component: Component) -> bool:
        scratch = component.side < _SCRATCH * typical and widths[component] < _SCRATCH * pen
        return not scratch and widths[component] > _HAIR_WIDTH * pen

    digits = [c for c in strokes if is_digit(c)]
    return digits, [c for c in large if c not in digits]


def _digits_in_rows(
    thin: list[Component], digits: list[Component], labels: Labels, erased: Mask | None
) -> list[Component]:
    """Which thin marks stand in the row of digits and are about as high: recognition decides.

    In a photograph, it is the row of two digits, and the marks are no remains of a line: at most
    half of their ink lies beside one that was erased. `erased` is (h, w), None in a drawing.
    """
    boxes = [digit.box for digit in digits]
    if erased is None:
        return [c for c in thin if any(are_neighbors(c.box, box) for box in boxes)]
    found = [c for c in thin if stands_in_row(c.box, np.array(boxes))] if boxes else []
    if not found:
        return found
    beside = cv2.dilate(erased.view(np.uint8), np.ones((1, 2 * STROKE_REACH + 1), np.uint8))

    def is_remain(c: Component) -> bool:
        mask = component_mask(c, labels)
        on_line = mask & beside[c.top : c.bottom, c.left : c.right]
        return 2 * cv2.countNonZero(on_line) > cv2.countNonZero(mask)

    return [c for c in found if not is_remain(c)]


def _stroke_width(component: Component, labels: Labels) -> float:
    """The width of a component's widest stroke, in pixels."""
    # Padded with background: a component that fills its box would have no edge.
    mask = np.pad(component_mask(component, labels), 1)
    return 2 * float(cv2.distanceTransform(mask, cv2.DIST_L2, 3).max()) - 1


def _cut_out(
    component: Component, ink: Image, labels: Labels, origin: tuple[int, int]
) -> InkedDigit:
    """Cut out the ink of a component without its neighbors'; `origin` is (x, y) of `ink`."""
    window = slice(component.top, component.bottom), slice(component.left, component.right)
    own_ink, mask = ink[window], component_mask(component, labels)
    others = (labels[window] > 0).view(np.uint8) - mask
    if others.any():
        # The ink of neighbors in the box is removed together with its soft edge.
        others = cv2.dilate(others, np.ones((3, 3), np.uint8))
        own_ink = np.where(others > mask, 0, own_ink)
    left, top = origin[0] + component.left, origin[1] + component.top
    box = (left, top, component.width, component.height)
    return InkedDigit(box=box, ink=np.ascontiguousarray(own_ink))
