"""Synthetic non-digits."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_core.augmentation.outliers import synthesize_outliers


@pytest.fixture(scope="module")
def outliers() -> np.ndarray:
    """1,000 synthetic non-digits."""
    return synthesize_outliers(1000, np.random.default_rng(1))


def test_synthesize_outliers_returns_frames_that_are_not_empty(outliers: np.ndarray) -> None:
    assert (outliers.shape, outliers.dtype) == ((1000, 28, 28), np.uint8)
    assert (outliers.reshape(1000, -1).max(axis=1) > 20).all()


def test_synthesize_outliers_draws_many_kinds(outliers: np.ndarray) -> None:
    assert len({frame.tobytes() for frame in outliers}) == 1000
    # Textures fill the frame, other kinds are framed like digits.
    rim = outliers.astype(float)[:, [0, -1], :].max(axis=(1, 2))
    assert 0.05 < (rim > 30).mean() < 0.6
    assert (rim < 30).mean() > 0.4


def test_synthesize_outliers_is_reproducible(outliers: np.ndarray) -> None:
    assert (synthesize_outliers(1000, np.random.default_rng(1)) == outliers).all()
    assert (synthesize_outliers(10, np.random.default_rng(2)) != outliers[:10]).any()


def test_synthesize_outliers_of_zero_images_is_empty() -> None:
    assert synthesize_outliers(0, np.random.default_rng(1)).shape == (0, 28, 28)
