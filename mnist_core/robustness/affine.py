"""Affine transforms of frames."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.data import FRAME_SIZE

__all__ = ["Grey", "affine", "rotations"]

# The center of a frame lies between its middle pixels.
_CENTER = (FRAME_SIZE - 1) / 2

# float32.
Grey = NDArray[np.floating]


def affine(
    images: Grey, matrices: NDArray[np.floating], shifts: NDArray[np.floating] | float = 0.0
) -> Grey:
    """Rotate, shear, scale or translate images about their center; pixels from outside are black.

    Args:
        images: (n, 28, 28) float32.
        matrices: (n, 2, 2) or (2, 2): from a point (x, y) of the result to the point of the image,
            both relative to the center.
        shifts: (n, 2) px, (x, y): translation of the result to the right and down.

    Returns:
        (n, 28, 28) float32, sampled bilinearly.
    """
    matrices = np.broadcast_to(matrices, (len(images), 2, 2))
    center = np.full(2, _CENTER)
    offsets = center - np.einsum(
        "nij,nj->ni", matrices, center + np.broadcast_to(shifts, (len(images), 2))
    )
    size = (FRAME_SIZE, FRAME_SIZE)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = np.empty_like(images)
    for row, (image, matrix, offset) in enumerate(zip(images, matrices, offsets, strict=True)):
        warped[row] = cv2.warpAffine(image, np.column_stack([matrix, offset]), size, flags=flags)
    return warped


def rotations(angles: NDArray[np.floating] | float) -> NDArray[np.floating]:
    """Matrices for `affine` that rotate counterclockwise by angles in radians, (..., 2, 2)."""
    cosine, sine = np.cos(angles), np.sin(angles)
    # y points down, so that this is counterclockwise on the screen.
    return np.moveaxis(np.array([[cosine, -sine], [sine, cosine]]), (0, 1), (-2, -1))
