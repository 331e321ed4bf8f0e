"""Shaded objects on a simulated scene: light from the upper left, soft edges and shadows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from simulation import Floats, Generator, Image, smooth_noise

Box = tuple[int, int, int, int]
Points = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Placement:
    """The coordinate system of an object in the scene.

    Attributes:
        center: (2,) origin, in pixels of the scene.
        scale: (2,) pixels per unit in x and y; negative: mirrored.
        angle: clockwise rotation, in degrees.
    """

    center: Points
    scale: Points
    angle: float

    def to_pixels(self, points: Sequence[tuple[float, float]] | Points) -> Points:
        """Convert points, (n, 2), to pixels of the scene."""
        scaled = np.array(points, float).reshape(-1, 2) * self.scale
        return rotate(scaled, self.angle) + self.center

    def ellipse(self, x: float, y: float, a: float, b: float) -> Points:
        """An ellipse around (x, y) with the half axes `a` and `b`: (60, 2), in pixels."""
        angles = np.linspace(0, 2 * np.pi, 60)
        return self.to_pixels(np.column_stack([x + a * np.cos(angles), y + b * np.sin(angles)]))


def render_solid(
    scene: Floats,
    mask: Image,
    color: Floats,
    depth: float,
    random: Generator,
    *,
    grain: float = 0.02,
) -> None:
    """Draw a rounded object, lit from the upper left, with a soft shadow.

    Args:
        scene: is changed in place.
        mask: (h, w) uint8, 0 or 1.
        color: (3,) of the surface.
        depth: width of the rounded edge, in pixels; the object is flat inside it.
        random: random state of the grain.
        grain: standard deviation of the brightness, as a share.
    """
    reach = round(depth) + 4
    left, top, wide, high = cv2.boundingRect(mask)
    rows = slice(max(0, top - reach), top + high + reach)
    columns = slice(max(0, left - reach), left + wide + reach)
    part, inside = scene[rows, columns], np.ascontiguousarray(mask[rows, columns])
    if not inside.any():
        return
    # The object continues beyond the edge of the picture.
    padded = cv2.copyMakeBorder(inside, reach, reach, reach, reach, cv2.BORDER_REPLICATE)
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[reach:-reach, reach:-reach]
    distance = np.minimum(distance / depth, 1)
    surface = np.sqrt(1 - (1 - distance) ** 2) * depth
    down, right = np.gradient(cv2.GaussianBlur(surface, (0, 0), 0.18 * depth + 0.5))
    # Lambert's law: the cosine between the surface normal and the direction of the light.
    cosine = (0.45 * right + 0.55 * down + 0.75) / np.sqrt(right**2 + down**2 + 1)
    shade = 0.45 + 0.7 * cosine.clip(0)
    shade *= 1 + grain * smooth_noise(*inside.shape, max(1.5, 0.08 * depth), random)
    shadow = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 0.3 * depth + 1)
    part *= 1 - 0.35 * shadow[:, :, np.newaxis]
    edge = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 0.8)[:, :, np.newaxis]
    part += (shade[:, :, np.newaxis] * color - part) * edge
    np.clip(part, 0, 1, out=part)


def fill_outline(
    scene: Floats, outline: Points, color: NDArray[np.floating], strength: float, soft: float
) -> None:
    """Fill an outline; its edge is blurred by `soft` pixels."""
    mask = np.zeros(scene.shape[:2], np.float32)
    cv2.fillPoly(mask, [np.rint(outline * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
    _blend(scene, mask, color, strength, soft)


def draw_curve(
    scene: Floats,
    points: Points,
    color: NDArray[np.floating],
    width: int,
    strength: float,
    soft: float,
) -> None:
    """Draw a line; its edge is blurred by `soft` pixels."""
    mask = np.zeros(scene.shape[:2], np.float32)
    fixed = np.rint(smooth_curve(points) * 16).astype(np.int32)
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


def smooth_curve(points: Points) -> Points:
    """Smooth a polyline: three rounds of Chaikin's corner cutting (1974)."""
    for _ in range(3):
        if len(points) < 3:
            break
        cut = np.stack(
            [0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]]
        )
        points = np.concatenate([points[:1], cut.swapaxes(0, 1).reshape(-1, 2), points[-1:]])
    return points


def limb_mask(scene: Floats, points: Points, radii: Points) -> Image:
    """The mask of a limb through some points, with a radius at each: (h, w) uint8, 0 or 1."""
    mask = np.zeros(scene.shape[:2], np.uint8)
    angles = np.linspace(0, 2 * np.pi, 32)[:, np.newaxis]
    unit_circle = np.hstack([np.cos(angles), np.sin(angles)])
    circles = [point + radius * unit_circle for point, radius in zip(points, radii, strict=True)]
    for pair in pairwise(circles):
        hull = cv2.convexHull(np.concatenate(pair).astype(np.float32))
        cv2.fillConvexPoly(mask, np.rint(hull).astype(np.int32), 1)
    return mask


def polygon_mask(outline: Points, shape: tuple[int, int]) -> Image:
    """The mask of a polygon: (h, w) uint8, 0 or 1."""
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.rint(outline).astype(np.int32)], 1)
    return mask


def paste(scene: Floats, piece: NDArray[np.floating], left: int, top: int) -> None:
    """Copy an image into the scene; parts outside of it are cut off."""
    piece = piece[max(0, -top) :, max(0, -left) :]
    part = scene[max(0, top) : max(0, top) + len(piece), max(0, left) :][:, : piece.shape[1]]
    part[:] = piece[: part.shape[0], : part.shape[1]]


def box_corners(box: Box) -> Points:
    left, top, width, height = box
    right, bottom = left + width, top + height
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], float)


def inset(box: Box, share: float) -> Box:
    """Shrink a box by this share of its size on each side."""
    left, top, width, height = box
    x, y = round(share * width), round(share * height)
    return left + x, top + y, width - 2 * x, height - 2 * y


def bounding_box(points: Points) -> Box:
    left, top = np.floor(points.min(axis=0)).astype(int)
    right, bottom = np.ceil(points.max(axis=0)).astype(int)
    return int(left), int(top), int(right - left), int(bottom - top)


def project(points: Points, view: Points) -> Points:
    """Apply the homography `view`, (3, 3), to points, (n, 2)."""
    projected = np.column_stack([points, np.ones(len(points))]) @ view.T
    return projected[:, :2] / projected[:, 2:]


def rotate(points: Points, degrees: float) -> Points:
    """Rotate points, (n, 2), around (0, 0), clockwise on a screen."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return points @ np.array([(cosine, sine), (-sine, cosine)])
