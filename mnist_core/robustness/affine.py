"""Frames of 28x28, as arrays: what they must be, and how they are turned, moved and enlarged."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.data import FRAME_SIZE

__all__ = ["Grey", "affine"]

# The center of a frame lies between its middle pixels.
_MIDDLE = (FRAME_SIZE - 1) / 2

# float32.
Grey = NDArray[np.floating]


def affine(
    images: Grey, matrices: NDArray[np.floating], shifts: NDArray[np.floating] | float = 0.0
) -> Grey:
    """Turn, shear, scale or move images about their center; what comes in from outside is black.

    Args:
        images: (n, 28, 28) float32.
        matrices: (n, 2, 2) or (2, 2): from a place in the result, (x, y) from its center, to the
            place in the image.
        shifts: (n, 2) px: how far (x, y) the result lies to the right and below.

    Returns:
        (n, 28, 28) float32, sampled bilinearly.
    """
    matrices = np.broadcast_to(matrices, (len(images), 2, 2))
    center = np.full(2, _MIDDLE)
    offsets = center - np.einsum(
        "nij,nj->ni", matrices, center + np.broadcast_to(shifts, (len(images), 2))
    )
    size = (FRAME_SIZE, FRAME_SIZE)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = np.empty_like(images)
    for row, (image, matrix, offset) in enumerate(zip(images, matrices, offsets, strict=True)):
        warped[row] = cv2.warpAffine(image, np.column_stack([matrix, offset]), size, flags=flags)
    return warped
