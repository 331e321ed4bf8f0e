"""Pieces of ink: strokes that touch, or that were joined."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Box", "Piece", "label_type", "mask_of"]

Box = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Piece:
    """Strokes that touch, or that were joined: half-open box edges and their labels."""

    left: int
    top: int
    right: int
    bottom: int
    labels: tuple[int, ...]

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def side(self) -> int:
        return max(self.width, self.height)

    def joined(self, other: Piece) -> Piece:
        return Piece(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
            self.labels + other.labels,
        )


def label_type(shape: tuple[int, ...]) -> int:
    """OpenCV's type for the labels of the pieces of an image of (h, w).

    Sixteen bits are labelled four times as fast, where they are enough: there is at most a piece in
    every second row and column.
    """
    most = ((shape[0] + 1) // 2) * ((shape[1] + 1) // 2)
    return int(cv2.CV_16U if most < 2**16 - 2 else cv2.CV_32S)


def mask_of(piece: Piece, labels: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Where the ink of a piece is.

    Args:
        piece: h high and w wide.
        labels: (h', w') of the image: which pixel belongs to which stroke, 0 for none.

    Returns:
        (h, w) uint8, 0 or 1.
    """
    window = labels[piece.top : piece.bottom, piece.left : piece.right]
    mask = window == piece.labels[0]
    for label in piece.labels[1:]:
        mask |= window == label
    return mask.view(np.uint8)
