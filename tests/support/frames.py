"""Distinct frames with some ink, for tests that do not need digits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnist_core.corrections.correction import Correction


def make_frame(number: int = 0) -> NDArray[np.uint8]:
    """Frame number `number`."""
    frame = np.zeros((28, 28), np.uint8)
    frame[4:24, 12:16] = 255
    frame[0, :8] = [number >> 8 * place & 255 for place in range(8)]
    return frame


def make_correction(number: int = 0, label: int = 3, **values: object) -> Correction:
    """A correction of frame number `number`."""
    return Correction(frame=make_frame(number), label=label, **values)  # type: ignore[arg-type]
