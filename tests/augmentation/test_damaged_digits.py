"""Non-digits made of digits."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from mnist_core.augmentation.damaged_digits import cross_out, cut_between, cut_half, join_pair

Make = Callable[[np.random.Generator], np.ndarray]


@pytest.mark.parametrize("make", [cross_out, cut_between, cut_half, join_pair])
def test_damaged_digits_are_frames_and_reproducible(make: Make) -> None:
    frames = [make(np.random.default_rng(seed)) for seed in range(30)]
    assert {(frame.shape, frame.dtype.name) for frame in frames} == {((28, 28), "uint8")}
    assert all(frame.max() > 60 for frame in frames)
    assert len({frame.tobytes() for frame in frames}) == 30
    assert (make(np.random.default_rng(7)) == frames[7]).all()


def test_halves_have_no_ring_of_which_a_digit_could_be_made() -> None:
    random = np.random.default_rng(5)
    for _ in range(100):
        ink = (cut_half(random) > 127).astype(np.uint8)
        _, levels = cv2.findContours(ink, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        # A ring of a few pixels may close when the half is scaled down.
        assert (levels[0, :, 3] >= 0).sum() <= 1


def test_pairs_are_wider_than_one_digit() -> None:
    random = np.random.default_rng(6)
    boxes = [cv2.boundingRect(join_pair(random)) for _ in range(60)]
    assert np.median([width / height for _, _, width, height in boxes]) > 1
