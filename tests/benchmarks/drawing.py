"""Things drawn on a simulated scene: round, lit from above left, with soft edges and shadows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from papers import _clouds

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]
Generator = np.random.Generator
Box = tuple[int, int, int, int]
Points = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Figure:
    """Where something is drawn that has measures of its own.

    Attributes:
        middle: (2,) its (0, 0) in pixels of the scene.
        unit: (2,) its 1 across and down, in pixels; negative is flipped.
        turn: clockwise, in degrees.
    """

    middle: Points
    unit: Points
    turn: float

    def at(self, points: Sequence[tuple[float, float]] | Points) -> Points:
        """Its points, (n, 2), in pixels of the scene."""
        return turned(np.array(points, float).reshape(-1, 2) * self.unit, self.turn) + self.middle

    def oval(self, x: float, y: float, a: float, b: float) -> Points:
        """An ellipse around (x, y), half as wide as `a` and as high as `b`, in pixels."""
        turns = np.linspace(0, 2 * np.pi, 60)
        return self.at(np.column_stack([x + a * np.cos(turns), y + b * np.sin(turns)]))


def lay(
    scene: Floats,
    mask: Image,
    color: Floats,
    thick: float,
    random: Generator,
    *,
    grain: float = 0.02,
) -> None:
    """Lay something round on the scene, lit from above left, with its soft shadow.

    Args:
        scene: it is drawn on.
        mask: (h, w) uint8, 0 or 1.
        color: (3,) of its surface.
        thick: how far from its edge it is round, in pixels; flat beyond that.
        random: what the grain is drawn from.
        grain: how uneven the color is.
    """
    reach = round(thick) + 4
    left, top, wide, high = cv2.boundingRect(mask)
    rows = slice(max(0, top - reach), top + high + reach)
    columns = slice(max(0, left - reach), left + wide + reach)
    part, inside = scene[rows, columns], np.ascontiguousarray(mask[rows, columns])
    if not inside.any():
        return
    # Beyond the picture's edge it goes on.
    padded = cv2.copyMakeBorder(inside, reach, reach, reach, reach, cv2.BORDER_REPLICATE)
    away = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[reach:-reach, reach:-reach]
    away = np.minimum(away / thick, 1)
    depth = cv2.GaussianBlur(np.sqrt(1 - (1 - away) ** 2) * thick, (0, 0), 0.18 * thick + 0.5)
    down, right = np.gradient(depth)
    facing = (0.45 * right + 0.55 * down + 0.75) / np.sqrt(right**2 + down**2 + 1)
    shade = 0.45 + 0.7 * facing.clip(0)
    shade *= 1 + grain * _clouds(*inside.shape, max(1.5, 0.08 * thick), random)
    shadow = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 0.3 * thick + 1)
    part *= 1 - 0.35 * shadow[:, :, np.newaxis]
    edge = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 0.8)[:, :, np.newaxis]
    part += (shade[:, :, np.newaxis] * color - part) * edge
    np.clip(part, 0, 1, out=part)


def paint(
    scene: Floats, outline: Points, color: NDArray[np.floating], strength: float, soft: float
) -> None:
    """Fill an outline, its edge as soft as `soft` pixels."""
    mask = np.zeros(scene.shape[:2], np.float32)
    cv2.fillPoly(mask, [np.rint(outline * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
    _blend(scene, mask, color, strength, soft)


def stroke(
    scene: Floats,
    points: Points,
    color: NDArray[np.floating],
    width: int,
    strength: float,
    soft: float,
) -> None:
    """Draw a line, its edge as soft as `soft` pixels."""
    mask = np.zeros(scene.shape[:2], np.float32)
    fixed = np.rint(smooth(points) * 16).astype(np.int32)
    cv2.polylines(mask, [fixed], False, 1.0, width, cv2.LINE_AA, 4)
    _blend(scene, mask, color, strength, soft)


def _blend(
    scene: Floats, mask: Floats, color: NDArray[np.floating], strength: float, soft: float
) -> None:
    left, top, wide, high = cv2.boundingRect((mask > 0).astype(np.uint8))
    if not wide:
        return
    reach = round(3 * soft) + 2
    rows = slice(max(0, top - reach), top + high + reach)
    columns = slice(max(0, left - reach), left + wide + reach)
    part = scene[rows, columns]
    cover = cv2.GaussianBlur(mask[rows, columns], (0, 0), max(0.4, soft))[:, :, np.newaxis]
    part += (np.asarray(color, np.float32).clip(0, 1) - part) * cover * np.float32(strength)


def smooth(points: Points) -> Points:
    """A curve through some points: Chaikin's corners cut three times."""
    for _ in range(3):
        if len(points) < 3:
            break
        cut = np.stack(
            [0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]]
        )
        points = np.concatenate([points[:1], cut.swapaxes(0, 1).reshape(-1, 2), points[-1:]])
    return points


def limb(scene: Floats, points: Points, radii: Points) -> Image:
    """The outline of something round that goes through points, with a radius at each."""
    mask = np.zeros(scene.shape[:2], np.uint8)
    turns = np.linspace(0, 2 * np.pi, 32)[:, np.newaxis]
    circle = np.hstack([np.cos(turns), np.sin(turns)])
    rounds = [point + radius * circle for point, radius in zip(points, radii, strict=True)]
    for one, other in pairwise(rounds):
        hull = cv2.convexHull(np.concatenate([one, other]).astype(np.float32))
        cv2.fillConvexPoly(mask, np.rint(hull).astype(np.int32), 1)
    return mask


def mask_of(outline: Points, shape: tuple[int, int]) -> Image:
    return filled(outline, shape).astype(np.uint8)


def filled(outline: Points, shape: tuple[int, int]) -> Floats:
    mask = np.zeros(shape, np.float32)
    cv2.fillPoly(mask, [np.rint(outline).astype(np.int32)], 1.0)
    return mask


def put(scene: Floats, piece: NDArray[np.floating], left: int, top: int) -> None:
    """Lay a piece on the scene, as much of it as is inside."""
    piece = piece[max(0, -top) :, max(0, -left) :]
    part = scene[max(0, top) : max(0, top) + len(piece), max(0, left) :][:, : piece.shape[1]]
    part[:] = piece[: part.shape[0], : part.shape[1]]


def corners_of(box: Box) -> Points:
    left, top, width, height = box
    right, bottom = left + width, top + height
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], float)


def inset(box: Box, share: float) -> Box:
    left, top, width, height = box
    x, y = round(share * width), round(share * height)
    return left + x, top + y, width - 2 * x, height - 2 * y


def bounds_of(points: Points) -> Box:
    left, top = np.floor(points.min(axis=0)).astype(int)
    right, bottom = np.ceil(points.max(axis=0)).astype(int)
    return int(left), int(top), int(right - left), int(bottom - top)


def as_seen(points: Points, view: Points) -> Points:
    """Points of the sheet, (n, 2), where they are seen."""
    seen = np.column_stack([points, np.ones(len(points))]) @ view.T
    return seen[:, :2] / seen[:, 2:]


def turned(points: Points, degrees: float) -> Points:
    """Points, (n, 2), turned clockwise as seen on a screen, around (0, 0)."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return points @ np.array([(cosine, sine), (-sine, cosine)])
