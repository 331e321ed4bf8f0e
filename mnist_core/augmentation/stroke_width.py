"""MNIST's digits with other stroke widths: their skeletons, redrawn with round pens."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.augmentation.synthetic_digits import frame_canvas

__all__ = ["vary_stroke_width"]

# Enlargement before thinning; the grey level that separates ink from background.
_ENLARGED, _INK = 4, 110
# Stroke widths in px of a frame: thinner than any in MNIST to thicker than most.
_THIN_PEN, _THICK_PEN = 0.9, 4.5


def vary_stroke_width(frames: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """Redraw digits, each with a round pen of random width.

    Args:
        frames: (n, 28, 28) uint8, white ink on black.
        random: generator of the widths.

    Returns:
        (n, 28, 28) uint8 MNIST frames.
    """
    pens = np.exp(random.uniform(np.log(_THIN_PEN), np.log(_THICK_PEN), len(frames)))
    redrawn = [_redraw_skeleton(frame, pen) for frame, pen in zip(frames, pens, strict=True)]
    return np.stack(redrawn) if redrawn else frames.copy()


def _redraw_skeleton(frame: NDArray[np.uint8], pen: float) -> NDArray[np.uint8]:
    from skimage.morphology import skeletonize

    large = cv2.resize(frame, None, fx=_ENLARGED, fy=_ENLARGED, interpolation=cv2.INTER_CUBIC)
    # A smooth outline has a skeleton without spurs.
    skeleton = skeletonize(cv2.GaussianBlur(large, (0, 0), _ENLARGED / 2) > _INK)
    if not skeleton.any():
        return frame.copy()
    radius = pen * _ENLARGED / 2
    margin = int(radius) + 2
    skeleton = np.pad(skeleton, margin)
    distance = cv2.distanceTransform((~skeleton).astype(np.uint8), cv2.DIST_L2, 5)
    ink = (np.clip(radius + 0.5 - distance, 0, 1) * 255).astype(np.uint8)
    return frame_canvas(ink)
