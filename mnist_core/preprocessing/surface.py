"""A surface that is written on, as it is seen in an image, and straightened.

It is a sheet, card, board or screen (see `surface_search`), or the paper around a row of digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.preprocessing.components import Box
from mnist_core.preprocessing.grey import Image

__all__ = ["TURNED", "Points", "Surface", "box_corners", "row_angle", "view_row"]

# The middles of this many digits tell how a row is turned; those of two, how high each is.
_LEVEL_ROW = 3

# A row that is turned by at least this much, in radians, is read again, level: by 12 degrees, the
# champion's errors on MNIST test double, from 0.3 to 0.6%.
TURNED = np.radians(12)

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

    @property
    def area(self) -> float:
        """In square pixels of the image."""
        return float(cv2.contourArea(self.outline))

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
        corners = box_corners(left, top, left + width, top + height)
        seen = cv2.perspectiveTransform(corners[np.newaxis], self.view)[0]
        low, high = self.outline.min(axis=0).clip(0), self.outline.max(axis=0)
        x, y = np.floor(seen.min(axis=0).clip(low, high)).astype(int).tolist()
        right, bottom = np.ceil(seen.max(axis=0).clip(low, high)).astype(int).tolist()
        return x, y, max(1, right - x), max(1, bottom - y)

    def holds(self, box: Box) -> bool:
        """Is a box, in pixels of the image, wholly on the surface?"""
        left, top, width, height = box
        corners = box_corners(left, top, left + width, top + height).tolist()
        return all(cv2.pointPolygonTest(self.outline, corner, False) >= 0 for corner in corners)

    def holds_middle(self, box: Box) -> bool:
        """Is the middle of a box, in pixels of the image, on the surface?"""
        left, top, width, height = box
        return self.holds((left + width // 2, top + height // 2, 0, 0))

    def touches(self, box: Box) -> bool:
        """Does a box, in pixels of the image, lie on the surface at least in part?"""
        left, top, width, height = box
        corners = box_corners(left, top, left + width, top + height)
        return bool(cv2.intersectConvexConvex(self.outline, corners)[0] > 0)


def row_angle(boxes: Sequence[Box]) -> float:
    """How far a row of digits is turned, in radians, -pi/2 to pi/2; 0 if that is not known.

    Args:
        boxes: (x, y, width, height) in pixels, of at least three digits in one row.
    """
    if len(boxes) < _LEVEL_ROW:
        return 0.0
    places = np.array(boxes, np.float64)
    middles = places[:, :2] + places[:, 2:] / 2
    x, y = (middles - middles.mean(axis=0)).T
    slope = float(x @ y) / max(float(x @ x), 1e-9)
    is_row = (np.abs(y - slope * x) < places[:, 3] / 2).all()
    return float(np.arctan(slope)) if is_row else 0.0


def view_row(boxes: Sequence[Box]) -> Surface:
    """The paper around a row of digits, level: a surface with a margin as wide as they are high.

    Args:
        boxes: at least one, in pixels of the image.
    """
    places, angle = np.array(boxes, np.float64), row_angle(boxes)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.vstack([box_corners(*box[:2], box[0] + box[2], box[1] + box[3]) for box in boxes])
    corners = corners @ turn
    margin = float(np.median(places[:, 3]))
    low, high = np.floor(corners.min(axis=0) - margin), np.ceil(corners.max(axis=0) + margin)
    view = np.eye(3)
    view[:2, :2], view[:2, 2] = turn, turn @ low
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    outline = cv2.perspectiveTransform(box_corners(0, 0, *size)[np.newaxis], view)[0]
    return Surface(outline=outline, view=view, size=size, fill=None)


def box_corners(left: float, top: float, right: float, bottom: float) -> Points:
    """(4, 2) float32, clockwise, the upper left one first."""
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)
