"""Finds the surface that is written on: a sheet, card, board or screen on any ground.

    image, shrunk -> gradient -> at several limits: even regions, what their holes enclose (a card
                  with much writing), and pairs of regions (a card with a shadow across) -> hulls
                  -> a step of brightness or color at the edge -> the largest surfaces

Whether something was written there is left to recognition (see `mnist_core.inference.surfaces`).
Lengths are in pixels of the shrunk image unless stated otherwise, levels of 255.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.preprocessing.grey import Image, shrink
from mnist_core.preprocessing.surface import Points, Surface, box_corners

__all__ = ["find_surfaces"]

# Surfaces are searched in an image of this longer side. There, a pen's line is up to two pixels
# wide and vanishes in a median over five.
_SEARCH_SIDE = 192
_MEDIAN = 5
# Even regions have a gradient of at most these levels per pixel: weak edges of white sheets on a
# light desk need the first, paper in a hard shadow the last.
_GRADIENTS = (4, 8, 16, 32)
# A surface covers at least this share of the image, and of its convex hull.
_MIN_AREA, _MIN_SOLIDITY = 0.012, 0.85
# Blur and gradient make an image uneven this far on both sides of an edge.
_EDGE = 2
# A point of the edge has a step of at least this many levels, between a pixel inside of the hull
# and the first even one outside; at least this share of the points in the image have one.
_MIN_STEP, _MIN_EDGE = 10, 0.8
# Surfaces that share this much of their area are the same.
_SAME = 0.8
# A hull is a quadrilateral if it fills at least this share of the one around it.
_QUADRILATERAL = 0.93
# The surface's brightness is extended over the ground in an image of this longer side.
_FILL_SIDE = 64
_MOST = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class _Region:
    """An even region.

    Attributes:
        outlines: of its parts, as OpenCV finds them.
        filled: the area within them.
        hull: (n, 2) float32, their convex hull.
        area: of the hull.
    """

    outlines: list[NDArray[np.int32]]
    filled: float
    hull: Points
    area: float

    @classmethod
    def within(cls, outlines: list[NDArray[np.int32]], filled: float) -> _Region:
        hull = cv2.convexHull(np.vstack(outlines))
        area = cv2.contourArea(hull)
        return cls(outlines=outlines, filled=filled, hull=hull[:, 0].astype(np.float32), area=area)

    @property
    def solidity(self) -> float:
        """The share of the hull that is filled."""
        return self.filled / max(self.area, 1)


def find_surfaces(image: Image) -> list[Surface]:
    """Find what may be a surface with a clear edge: a few of each kind, the largest first.

    Those with four corners in the image come first: they are read in a tenth of the time that the
    desk around them takes, which may be a surface, too.

    Args:
        image: (h, w) or (h, w, 3) uint8.
    """
    small, scale = shrink(image, _SEARCH_SIDE)
    if scale == 1 or min(small.shape[:2]) < 4 * (2 * _EDGE + 1):
        return []  # there is no room for a surface around a digit
    small = cv2.medianBlur(small, _MEDIAN)
    found: list[_Region] = []
    for region in sorted(_even_regions(small), key=lambda region: -region.solidity):
        if all(_shared(region, other) < _SAME for other in found):
            found.append(region)
    found.sort(key=lambda region: -region.area)
    seen = [(region, _corners(region, small.shape)) for region in found]
    whole = [corners for _, corners in seen if corners is not None]
    others = [region for region, corners in seen if corners is None]
    return [
        *(_front_view(corners, scale) for corners in whole[:_MOST]),
        *(_turned_view(region, small, scale) for region in others[:_MOST]),
    ]


def _even_regions(small: Image) -> Iterator[_Region]:
    """Even regions, their holes, and pairs of regions that a shadow divides; each has an edge."""
    smooth = cv2.GaussianBlur(small, (3, 3), 0)
    gradient = cv2.morphologyEx(smooth, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    gradient = gradient if gradient.ndim == 2 else gradient.max(axis=2)
    for limit in _GRADIENTS:
        even = cv2.threshold(gradient, limit, 1, cv2.THRESH_BINARY_INV)[1]
        regions, holes = _regions(even)
        inside = [region for region in regions if _is_inside(region.hull, even.shape)]
        shaded = [_join(one, other) for one, other in combinations(inside, 2)]
        for region in (*regions, *holes, *shaded):
            if (
                region.area >= _MIN_AREA * even.size
                and _MIN_SOLIDITY <= region.solidity <= 1
                and (region in regions or _quadrilateral(region.hull) is not None)
                and _has_edge(region.hull, smooth)
            ):
                yield region


def _regions(even: Image) -> tuple[list[_Region], list[_Region]]:
    """The large connected regions of an image, 0 or 1, and what their holes enclose."""
    least = _MIN_SOLIDITY * _MIN_AREA * even.size / 2
    regions: list[_Region] = []
    holes: list[_Region] = []
    outlines, tree = cv2.findContours(even, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    for place, outline in enumerate(outlines):
        area = cv2.contourArea(outline)
        if area >= least:
            region = _Region.within([outline], area)
            is_hole = tree[0, place, 3] >= 0
            if is_hole:
                holes += _regions_in_hole(region)
            else:
                regions.append(region)
    return regions, holes


def _regions_in_hole(hole: _Region) -> Iterator[_Region]:
    """What a hole encloses, without its edge: writing may divide a card into many regions."""
    if hole.solidity < _MIN_SOLIDITY:
        return
    x, y, width, height = cv2.boundingRect(hole.hull)
    mask = np.zeros((height, width), np.uint8)
    cv2.drawContours(mask, hole.outlines, 0, 1, cv2.FILLED, offset=(-x, -y))
    edge = np.ones((4 * _EDGE + 1,) * 2, np.uint8)
    mask = cv2.erode(mask, edge, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    inner, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE, offset=(x, y))
    if inner:
        outline = max(inner, key=cv2.contourArea)
        yield _Region.within([outline], cv2.contourArea(outline))


def _join(one: _Region, other: _Region) -> _Region:
    return _Region.within([*one.outlines, *other.outlines], one.filled + other.filled)


def _is_inside(hull: Points, shape: tuple[int, ...]) -> bool:
    """Is a hull clear of the border of an image?"""
    return bool(((hull > _EDGE) & (hull < np.array(shape[1::-1]) - _EDGE - 1)).all())


def _has_edge(hull: Points, smooth: Image) -> bool:
    """Is there a step of brightness or color at the edge of a hull, as far as it is visible?"""
    outer = 2 * _EDGE + 1
    ends = np.roll(hull, -1, axis=0)
    lengths = np.hypot(*(ends - hull).T)
    counts = np.maximum(1, lengths.astype(int))
    side = np.repeat(np.arange(len(hull)), counts)
    place = (np.arange(len(side)) - np.repeat(np.cumsum(counts) - counts, counts) + 0.5)[:, None]
    along = (ends - hull) / np.maximum(lengths, 1e-6)[:, None]
    points = hull[side] + place * (ends - hull)[side] / counts[side][:, None]
    outward = np.column_stack([along[:, 1], -along[:, 0]])[side]
    outward *= np.sign(((points - hull.mean(axis=0)) * outward).sum(axis=1))[:, None]
    size = np.array(smooth.shape[1::-1])
    outside = np.rint(points + outer * outward).astype(int)
    visible = ((outside >= 0) & (outside < size)).all(axis=1)
    if visible.sum() < 2 * outer:
        return False
    inside = np.rint(points - outward).astype(int).clip(0, size - 1)[visible]
    outside = outside[visible]
    difference = np.abs(
        smooth[outside[:, 1], outside[:, 0]].astype(int) - smooth[inside[:, 1], inside[:, 0]]
    )
    steps = difference if difference.ndim == 1 else difference.max(axis=1)
    return bool((steps >= _MIN_STEP).mean() >= _MIN_EDGE)


def _shared(one: _Region, other: _Region) -> float:
    """The area that two hulls share, of that which both cover."""
    shared = cv2.intersectConvexConvex(one.hull, other.hull)[0]
    return float(shared / max(one.area + other.area - shared, 1))


def _quadrilateral(hull: Points) -> Points | None:
    """The corners of the quadrilateral around a hull, (4, 2), if the hull is hardly smaller."""
    corners = cv2.approxPolyN(hull, 4)[0].astype(np.float32)
    fits = cv2.contourArea(hull) >= _QUADRILATERAL * cv2.contourArea(corners)
    return corners if fits else None


def _corners(region: _Region, shape: tuple[int, ...]) -> Points | None:
    """The corners of a region, (4, 2), if it is a quadrilateral that the image's border spares."""
    return _quadrilateral(region.hull) if _is_inside(region.hull, shape) else None


def _enlarge(points: Points, scale: float) -> Points:
    """Points in pixels of the image; those of the shrunk image count from a pixel's middle."""
    return ((points + 0.5) / scale - 0.5).astype(np.float32)


def _front_view(corners: Points, scale: float) -> Surface:
    """A quadrilateral, seen from the front; its corners in pixels of the shrunk image."""
    corners = _upright(_grow(_enlarge(corners, scale), (_EDGE - 0.5) / scale))
    sides = np.hypot(*(np.roll(corners, -1, axis=0) - corners).T)
    size = round((sides[0] + sides[2]) / 2), round((sides[1] + sides[3]) / 2)
    view = cv2.getPerspectiveTransform(box_corners(0, 0, *size), corners)
    return Surface(outline=corners, view=view, size=size, fill=None)


def _turned_view(region: _Region, small: Image, scale: float) -> Surface:
    """Another surface, turned upright, on ground as bright as itself."""
    # What the border cuts reaches to the border, not to the middle of its pixels.
    last = np.array(small.shape[1::-1]) - 1
    hull = region.hull - 0.5 * (region.hull <= 0) + 0.5 * (region.hull >= last)
    hull = _enlarge(hull, scale)
    angle = _turn(region.hull)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = hull @ turn  # rotated by -angle
    low, high = np.floor(turned.min(axis=0)), np.ceil(turned.max(axis=0))
    view = np.eye(3)
    view[:2, :2], view[:2, 2] = turn, turn @ low
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    return Surface(outline=hull, view=view, size=size, fill=_extend(small, region.outlines))


def _grow(corners: Points, distance: float) -> Points:
    """Move each side of a quadrilateral outward, by a distance in its pixels."""
    ahead, behind = (np.roll(corners, turn, axis=0) - corners for turn in (-1, 1))
    ahead, behind = (side / np.hypot(*side.T)[:, np.newaxis] for side in (ahead, behind))
    sines = np.abs(ahead[:, 0] * behind[:, 1] - ahead[:, 1] * behind[:, 0])
    return (corners - distance * (ahead + behind) / sines[:, np.newaxis]).astype(np.float32)


def _upright(corners: Points) -> Points:
    """Sort the corners of a quadrilateral clockwise, the upper left one first."""
    if cv2.contourArea(corners, True) < 0:
        corners = corners[::-1]
    ahead = np.roll(corners, -1, axis=0) - corners
    # The upper side points most to the right, within 45 degrees.
    first = int(np.argmax(ahead[:, 0] / np.hypot(*ahead.T)))
    return np.ascontiguousarray(np.roll(corners, -first, axis=0))


def _turn(hull: Points) -> float:
    """How far the longest straight edge in the image is turned from upright, in radians."""
    outline = cv2.approxPolyDP(hull, 0.02 * cv2.arcLength(hull, True), True)[:, 0]
    sides = np.roll(outline, -1, axis=0) - outline
    middle = outline + sides / 2
    # Where the image cuts a surface, the side lies along the box.
    inside = (middle > hull.min(axis=0) + _EDGE) & (middle < hull.max(axis=0) - _EDGE)
    lengths = np.hypot(*sides.T) * inside.all(axis=1)
    x, y = sides[np.argmax(lengths)]
    quarter = np.pi / 2
    return float((np.arctan2(y, x) + quarter / 2) % quarter - quarter / 2) if lengths.any() else 0.0


def _extend(small: Image, outlines: Sequence[NDArray[np.int32]]) -> Image:
    """Extend the brightness of a region, without its ink, over the rest of the image."""
    region = np.zeros(small.shape[:2], np.uint8)
    cv2.drawContours(region, outlines, -1, 1, cv2.FILLED)
    small, _ = shrink(small, _FILL_SIDE)
    region = cv2.resize(region, small.shape[1::-1], interpolation=cv2.INTER_AREA)
    ground = cv2.erode(region, np.ones((3, 3), np.uint8)) == 0
    return cv2.inpaint(small, ground.view(np.uint8), 3, cv2.INPAINT_TELEA)
