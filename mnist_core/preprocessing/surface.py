"""Finds the surface that is written on: a sheet, card, board or screen on any ground.

    image, shrunk -> gradient -> even regions at several limits -> convex hulls
                  -> a step of brightness or color at the edge -> the largest surfaces
    surface       -> straightened by a perspective transform; what is outside is filled

Whether something was written there is left to recognition (see `mnist_core.inference.selection`).
Lengths are in pixels of the shrunk image unless stated otherwise, levels of 255.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.preprocessing.components import Box
from mnist_core.preprocessing.grey import Image, shrink

__all__ = ["Surface", "find_surfaces"]

# Surfaces are searched in an image of this longer side. There, a pen's line is up to two pixels
# wide and vanishes in a median over five.
_SEARCH_SIDE = 192
_MEDIAN = 5
# Even regions have a gradient of at most these levels per pixel: weak edges of white sheets on a
# light desk need the first, paper in a hard shadow the last.
_GRADIENTS = (4, 8, 16, 32)
# A surface covers at least this share of the image, and of its convex hull.
_MIN_AREA, _MIN_SOLIDITY = 0.012, 0.85
# A point of the edge has a step of at least this many levels, between this far inside and outside
# of the hull; at least this share of the points in the image have one.
_MIN_STEP, _INSIDE, _OUTSIDE, _MIN_EDGE = 10, 1, 5, 0.8
# Surfaces whose boxes share this much are the same.
_SAME = 0.8
# A hull is a quadrilateral if it fills at least this share of the one around it.
_QUADRILATERAL = 0.93
# The surface's brightness is extended over the ground in an image of this longer side.
_FILL_SIDE = 64
_MOST = 2

Points = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Surface:
    """A surface in an image.

    Attributes:
        outline: (n, 2) float32, its convex outline in pixels of the image.
        view: (3, 3) float64, the homography from the straightened surface to the image.
        size: (width, height) of the straightened surface, in pixels.
        fill: (h, w) or (h, w, 3) uint8, the surface's brightness, extended over the ground, of the
            shrunk image; None if the outline fills the straightened surface.
    """

    outline: Points
    view: NDArray[np.float64]
    size: tuple[int, int]
    fill: Image | None

    @property
    def is_quadrilateral(self) -> bool:
        """Are all four corners in the image?"""
        return self.fill is None

    def straighten(self, image: Image) -> Image:
        """The surface alone, upright and seen from the front: (height, width) or with channels."""
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        straight = cv2.warpPerspective(
            image, self.view, self.size, flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        if self.fill is None:
            return straight
        scale = self.fill.shape[1] / image.shape[1], self.fill.shape[0] / image.shape[0]
        view = np.diag([*scale, 1.0]) @ self.view
        ground = cv2.warpPerspective(
            self.fill, view, self.size, flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        outline = cv2.perspectiveTransform(self.outline[np.newaxis], np.linalg.inv(self.view))
        inside = np.zeros(straight.shape[:2], np.uint8)
        cv2.fillConvexPoly(inside, np.rint(outline).astype(np.int32), 1)
        cv2.copyTo(straight, inside, ground)
        return ground

    def enlarge(self, scale: float) -> Surface:
        """The same surface in an image that is `scale` times as large."""
        view = np.diag([scale, scale, 1.0]) @ self.view
        return replace(self, outline=self.outline * np.float32(scale), view=view)

    def box_in_image(self, box: Box) -> Box:
        """The box, in pixels of the image, around a box in pixels of the straightened surface."""
        left, top, width, height = box
        corners = _corners(left, top, left + width, top + height)
        seen = cv2.perspectiveTransform(corners[np.newaxis], self.view)[0]
        low, high = self.outline.min(axis=0).clip(0), self.outline.max(axis=0)
        x, y = np.floor(seen.min(axis=0).clip(low, high)).astype(int).tolist()
        right, bottom = np.ceil(seen.max(axis=0).clip(low, high)).astype(int).tolist()
        return x, y, max(1, right - x), max(1, bottom - y)

    def holds(self, box: Box) -> bool:
        """Is a box, in pixels of the image, wholly on the surface?"""
        left, top, width, height = box
        corners = _corners(left, top, left + width, top + height).tolist()
        return all(cv2.pointPolygonTest(self.outline, corner, False) >= 0 for corner in corners)

    def touches(self, box: Box) -> bool:
        """Does a box, in pixels of the image, lie on the surface at least in part?"""
        left, top, width, height = box
        corners = _corners(left, top, left + width, top + height)
        return bool(cv2.intersectConvexConvex(self.outline, corners)[0] > 0)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Region:
    """An even region: its mask, its convex hull, and the step at its edge."""

    mask: Image
    hull: Points
    area: float
    solidity: float


def find_surfaces(image: Image) -> list[Surface]:
    """Find what may be a surface with a clear edge, the largest first.

    Args:
        image: (h, w) or (h, w, 3) uint8.
    """
    small, scale = shrink(image, _SEARCH_SIDE)
    if scale == 1 or min(small.shape[:2]) < 4 * _OUTSIDE:
        return []  # there is no room for a surface around a digit
    small = cv2.medianBlur(small, _MEDIAN)
    found: list[_Region] = []
    for region in sorted(_even_regions(small), key=lambda region: -region.solidity):
        if all(_shared(region.hull, other.hull) < _SAME for other in found):
            found.append(region)
    found.sort(key=lambda region: -region.area)
    return [_make_surface(region, small, scale) for region in found[:_MOST]]


def _even_regions(small: Image) -> Iterator[_Region]:
    smooth = cv2.GaussianBlur(small, (3, 3), 0)
    gradient = cv2.morphologyEx(smooth, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    gradient = gradient if gradient.ndim == 2 else gradient.max(axis=2)
    least = _MIN_AREA * gradient.size
    for limit in _GRADIENTS:
        even = (gradient <= limit).view(np.uint8)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(even, connectivity=4)
        large = np.flatnonzero(stats[:, cv2.CC_STAT_AREA] >= _MIN_SOLIDITY * least / 2)
        for label in large[large > 0]:
            x, y, width, height = stats[label, :4].tolist()
            mask = (labels[y : y + height, x : x + width] == label).view(np.uint8)
            outlines, _ = cv2.findContours(
                mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE, offset=(x, y)
            )
            outline = max(outlines, key=cv2.contourArea)
            hull = cv2.convexHull(outline)
            area = cv2.contourArea(hull)
            solidity = cv2.contourArea(outline) / max(area, 1)
            if area < least or solidity < _MIN_SOLIDITY:
                continue
            hull = hull[:, 0].astype(np.float32)
            if _has_edge(hull, smooth):
                yield _Region(
                    mask=(labels == label).view(np.uint8), hull=hull, area=area, solidity=solidity
                )


def _has_edge(hull: Points, smooth: Image) -> bool:
    """Is there a step of brightness or color at the edge of a hull, as far as it is visible?"""
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
    outside = np.rint(points + _OUTSIDE * outward).astype(int)
    visible = ((outside >= 0) & (outside < size)).all(axis=1)
    if visible.sum() < 2 * _OUTSIDE:
        return False
    inside = np.rint(points - _INSIDE * outward).astype(int).clip(0, size - 1)[visible]
    outside = outside[visible]
    difference = np.abs(
        smooth[outside[:, 1], outside[:, 0]].astype(int) - smooth[inside[:, 1], inside[:, 0]]
    )
    steps = difference if difference.ndim == 1 else difference.max(axis=1)
    return bool((steps >= _MIN_STEP).mean() >= _MIN_EDGE)


def _shared(one: Points, other: Points) -> float:
    """The area that the boxes of two hulls share, of that which both cover."""
    low = np.maximum(one.min(axis=0), other.min(axis=0))
    high = np.minimum(one.max(axis=0), other.max(axis=0))
    shared = float(np.prod(np.maximum(high - low, 0)))
    both = sum(float(np.prod(np.ptp(hull, axis=0))) for hull in (one, other))
    return shared / max(both - shared, 1e-6)


def _make_surface(region: _Region, small: Image, scale: float) -> Surface:
    # The middle of a pixel of the shrunk image, in pixels of the image.
    hull = (region.hull + 0.5) / scale - 0.5
    height, width = small.shape[:2]
    visible = (region.hull > 2) & (region.hull < np.array([width, height]) - 3)
    if visible.all():
        corners = cv2.approxPolyN(hull, 4)[0].astype(np.float32)
        if cv2.contourArea(hull) >= _QUADRILATERAL * cv2.contourArea(corners):
            corners = _upright(corners)
            sides = np.hypot(*(np.roll(corners, -1, axis=0) - corners).T)
            size = round((sides[0] + sides[2]) / 2), round((sides[1] + sides[3]) / 2)
            view = cv2.getPerspectiveTransform(_corners(0, 0, *size), corners)
            return Surface(outline=corners, view=view, size=size, fill=None)
    angle = _turn(region.hull)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = hull @ turn  # rotated by -angle
    low, high = np.floor(turned.min(axis=0)), np.ceil(turned.max(axis=0))
    view = np.eye(3)
    view[:2, :2], view[:2, 2] = turn, turn @ low
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    return Surface(outline=hull, view=view, size=size, fill=_extend(small, region.mask))


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
    inside = (middle > hull.min(axis=0) + 2) & (middle < hull.max(axis=0) - 2)
    lengths = np.hypot(*sides.T) * inside.all(axis=1)
    x, y = sides[np.argmax(lengths)]
    quarter = np.pi / 2
    return float((np.arctan2(y, x) + quarter / 2) % quarter - quarter / 2) if lengths.any() else 0.0


def _extend(small: Image, region: Image) -> Image:
    """Extend the brightness of a region, without its ink, over the rest of the image."""
    small, _ = shrink(small, _FILL_SIDE)
    region = cv2.resize(region, small.shape[1::-1], interpolation=cv2.INTER_AREA)
    ground = cv2.erode(region, np.ones((3, 3), np.uint8)) == 0
    return cv2.inpaint(small, ground.view(np.uint8), 3, cv2.INPAINT_TELEA)


def _corners(left: float, top: float, right: float, bottom: float) -> Points:
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)
