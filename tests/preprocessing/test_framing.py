"""The ink of a digit to its MNIST frame."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_core.preprocessing.framing import frame_digit
from mnist_core.preprocessing.segmentation import InkedDigit


@pytest.mark.parametrize("shape", [(200, 20), (20, 200), (60, 60), (10, 1), (3, 2)], ids=str)
@pytest.mark.parametrize("level", [40, 128, 255])
def test_frame_of_a_bar_is_filled_with_its_level(shape: tuple[int, int], level: int) -> None:
    """The ink of a bar has a single level."""
    ink = np.full(shape, level, np.uint8)
    frame = frame_digit(InkedDigit(box=(0, 0, shape[1], shape[0]), ink=ink))
    expected = [max(1, round(20 * side / max(shape))) for side in shape]
    assert (frame == level).sum() == expected[0] * expected[1]
    assert (frame > 0).sum() == expected[0] * expected[1]
