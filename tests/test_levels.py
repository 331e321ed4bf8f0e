"""The median of grey levels."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mnist_core.levels import median


@given(
    arrays.arrays(
        np.uint8, arrays.array_shapes(max_dims=2, max_side=9), elements=st.integers(0, 255)
    )
)
def test_it_is_numpys(levels: np.ndarray) -> None:
    assert median(levels) == np.median(levels)


def test_views_that_are_not_contiguous_are_taken_as_well() -> None:
    levels = np.arange(60, dtype=np.uint8).reshape(6, 10)
    assert median(levels.T[::2]) == np.median(levels.T[::2])
