"""Finding straight lines that run through an image."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_core.preprocessing.line_detection import find_lines, runs, thin_lines


def paper(
    *ends: tuple[int, int], width: int = 600, height: int = 300, ink: int = 200
) -> np.ndarray:
    """An image with straight lines, by their rows at the first and the last column."""
    image = np.zeros((300, 600), np.uint8)
    for first, last in ends:
        cv2.line(image, (0, first), (599, last), ink, 3)
    return image


@pytest.mark.parametrize("ends", [(150, 150), (140, 165), (200, 160), (30, 40)])
def test_find_lines_returns_where_a_line_was_drawn(ends: tuple[int, int]) -> None:
    (line,) = find_lines(paper(ends), 100)
    assert (line.first, line.last) == pytest.approx(ends, abs=4)


def test_find_lines_sorts_from_top_to_bottom() -> None:
    found = find_lines(paper((40, 44), (120, 120), (250, 240)), 100)
    assert [round((line.first + line.last) / 2, -1) for line in found] == [40, 120, 240]


@pytest.mark.parametrize("ends", [[], [(20, 280)]], ids=["blank", "too steep"])
def test_find_lines_ignores_blank_and_steep(ends: list[tuple[int, int]]) -> None:
    assert not find_lines(paper(*ends), 100)


def test_find_lines_ignores_a_line_that_ends() -> None:
    image = paper((150, 150))
    image[:, 350:] = 0
    assert not find_lines(image, 100)


def test_thin_lines_may_be_fainter_than_ink() -> None:
    faint = paper((150, 150), ink=20)
    assert len(find_lines(faint, 100)) == 1
    rows = thin_lines(faint[np.newaxis], 4)[0].any(axis=1).nonzero()[0]
    assert set(rows) <= {149, 150, 151}
    assert len(rows)
    # A wide shadow is not a line.
    assert not thin_lines(np.full((1, 40, 40), 20, np.uint8), 4).any()


@given(st.lists(st.booleans(), max_size=40))
def test_runs_are_the_longest_ranges_of_true(values: list[bool]) -> None:
    found = runs(np.array(values, bool))
    covered = np.zeros(len(values), bool)
    for start, end in found:
        assert start < end
        covered[start:end] = True
    assert covered.tolist() == values
    assert all(end < start for (_, end), (start, _) in pairwise(found))


def test_find_lines_tells_lines_apart_that_have_writing_between_them() -> None:
    image = paper((100, 100), (140, 140))
    for x in range(0, 600, 10):  # ink covers most of what is between them
        cv2.line(image, (x, 105), (x, 135), 200, 6)
    rows = [round((line.first + line.last) / 2) for line in find_lines(image, 100)]
    assert {row for row in rows if min(abs(row - 100), abs(row - 140)) <= 1} >= {100, 140}
