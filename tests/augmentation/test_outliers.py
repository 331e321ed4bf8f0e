"""Pictures of what is no digit."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_core.augmentation.outliers import synthesize_outliers


@pytest.fixture(scope="module")
def outliers() -> np.ndarray:
    """A thousand of them."""
    return synthesize_outliers(1000, np.random.default_rng(1))


def test_outliers_are_frames_with_something_on_them(outliers: np.ndarray) -> None:
    assert (outliers.shape, outliers.dtype) == ((1000, 28, 28), np.uint8)
    assert (outliers.reshape(1000, -1).max(axis=1) > 20).all()


def test_they_are_of_many_kinds(outliers: np.ndarray) -> None:
    assert len({frame.tobytes() for frame in outliers}) == 1000
    # Some fill the frame, as textures do; some are framed as digits are.
    rim = outliers.astype(float)[:, [0, -1], :].max(axis=(1, 2))
    assert 0.05 < (rim > 30).mean() < 0.6
    assert (rim < 30).mean() > 0.4


def test_chance_follows_from_the_generator(outliers: np.ndarray) -> None:
    assert (synthesize_outliers(1000, np.random.default_rng(1)) == outliers).all()
    assert (synthesize_outliers(10, np.random.default_rng(2)) != outliers[:10]).any()


def test_none_asked_none_drawn() -> None:
    assert synthesize_outliers(0, np.random.default_rng(1)).shape == (0, 28, 28)
