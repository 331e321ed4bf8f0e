"""Cutting ink between digits that touch."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mnist_core.preprocessing.cutting import cut_ink


def _two_rings() -> np.ndarray:
    ink = np.zeros((60, 90), np.uint8)
    cv2.circle(ink, (25, 30), 20, 255, 5)
    cv2.circle(ink, (66, 30), 20, 255, 5)
    return ink


def test_two_rings_that_touch_are_cut_where_they_touch() -> None:
    left, right = cut_ink(_two_rings(), [25, 66])
    # The place where they touch is 15 px high; the seam runs through it or slightly aside.
    assert left.box[0] + left.box[2] in range(44, 56)
    assert right.box[0] in range(40, 50)


def test_seam_goes_around_ink_where_it_can() -> None:
    ink = np.zeros((60, 80), np.uint8)
    # Two slanted strokes whose boxes overlap: no vertical cut parts them without cutting ink.
    cv2.line(ink, (10, 58), (45, 2), 255, 4)
    cv2.line(ink, (35, 58), (70, 2), 255, 4)
    left, right = cut_ink(ink, [28, 52])
    assert np.count_nonzero(left.ink) + np.count_nonzero(right.ink) == np.count_nonzero(ink)
    assert left.box[0] + left.box[2] > right.box[0] + 5


def test_piece_without_ink_is_left_out() -> None:
    ink = np.zeros((20, 40), np.uint8)
    ink[:, :8] = 255
    assert len(cut_ink(ink, [4, 35])) == 1


def test_crumbs_of_the_neighbor_are_left_out() -> None:
    ink = _two_rings()
    ink[58:, 40:44] = 255  # two rows of eight pixels, not connected with a ring
    left, right = cut_ink(ink, [25, 66])
    assert left.box[1] + left.box[3] < 56
    assert right.box[1] + right.box[3] < 56


@given(
    arrays.arrays(
        np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 60)), elements=st.integers(0, 255)
    ),
    st.lists(st.floats(0, 59), min_size=1, max_size=5),
)
def test_any_ink_is_cut_into_pieces_inside_it(ink: np.ndarray, centers: list[float]) -> None:
    pieces = cut_ink(ink, sorted(min(center, ink.shape[1] - 1) for center in centers))
    assert len(pieces) <= len(centers)
    for piece in pieces:
        left, top, width, height = piece.box
        assert piece.ink.shape == (height, width)
        assert 0 <= left <= left + width <= ink.shape[1]
        assert 0 <= top <= top + height <= ink.shape[0]
        assert piece.ink.any()
