"""Statistics of grey levels, and shrinking."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mnist_core.preprocessing.grey import estimate_noise, histogram, median, shrink


@given(
    arrays.arrays(
        np.uint8, arrays.array_shapes(max_dims=2, max_side=9), elements=st.integers(0, 255)
    )
)
def test_median_equals_numpys(levels: np.ndarray) -> None:
    assert median(levels) == np.median(levels)


def test_median_accepts_views_that_are_not_contiguous() -> None:
    levels = np.arange(60, dtype=np.uint8).reshape(6, 10)
    assert median(levels.T[::2]) == np.median(levels.T[::2])


def test_mask_limits_median_and_histogram() -> None:
    levels = np.arange(60, dtype=np.uint8).reshape(6, 10)
    where = (levels >= 40).view(np.uint8)
    assert median(levels, where) == 49.5
    assert histogram(levels, where).sum() == 20
    assert histogram(levels)[:61].tolist() == [1] * 60 + [0]


@pytest.mark.parametrize("sigma", [2, 5, 12])
def test_noise_is_estimated_on_slopes_and_edges(sigma: int) -> None:
    random, slope = np.random.default_rng(1), np.linspace(60, 180, 300)
    grey = slope + random.normal(0, sigma, (200, 300))
    grey[80:120, 100:200] = 20
    assert estimate_noise(np.rint(grey).astype(np.uint8)) == pytest.approx(sigma, rel=0.2)


@pytest.mark.parametrize(
    ("shape", "side", "expected"),
    [((40, 60), 30, (20, 30)), ((40, 60), 60, (40, 60)), ((300, 1), 100, (100, 1))],
)
def test_shrink_limits_the_longer_side(
    shape: tuple[int, int], side: int, expected: tuple[int, int]
) -> None:
    assert shrink(np.zeros(shape, np.uint8), side)[0].shape == expected
