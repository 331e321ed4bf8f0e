"""Erasing ruled lines."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mnist_core.preprocessing.ruled_lines import find_ruled_lines

INK = 100


def paper(height: int = 240, width: int = 320) -> np.ndarray:
    return np.zeros((height, width), np.uint8)


def erased_pixels(contrast: np.ndarray) -> np.ndarray:
    lines = find_ruled_lines(contrast, INK)
    assert lines is not None
    return lines.erased


@pytest.mark.parametrize("rise", [-12, 0, 7])
@pytest.mark.parametrize("thickness", [2, 3, 6])
def test_line_from_side_to_side_is_erased(rise: int, thickness: int) -> None:
    contrast = paper()
    cv2.line(contrast, (0, 100), (319, 100 + rise), 200, thickness)
    erased = erased_pixels(contrast)
    assert (contrast[~erased] > INK).mean() < 0.002
    assert not erased[:60].any()
    assert not erased[150:].any()


def test_vertical_lines_and_squares_are_erased() -> None:
    contrast = paper()
    for place in range(20, 320, 60):
        cv2.line(contrast, (place, 0), (place, 239), 180, 2)
    for place in range(30, 240, 60):
        cv2.line(contrast, (0, place), (319, place), 180, 2)
    erased = erased_pixels(contrast)
    assert (contrast[~erased] > INK).sum() < 0.03 * (contrast > INK).sum()


def test_crossing_strokes_are_kept() -> None:
    contrast = paper()
    stroke = paper()
    cv2.line(stroke, (150, 60), (170, 180), 255, 8)
    cv2.line(contrast, (0, 120), (319, 120), 200, 3)
    contrast = cv2.max(contrast, stroke)
    erased = erased_pixels(contrast)
    kept = np.where(erased, 0, contrast)
    pieces, _ = cv2.connectedComponents((kept > INK).view(np.uint8))
    assert pieces == 2  # the background and one whole stroke
    assert (kept[stroke > 0] > INK).mean() > 0.95


@pytest.mark.parametrize(
    "ends",
    [((60, 120), (260, 120)), ((0, 20), (319, 220)), ((100, 40), (120, 200))],
    ids=["short", "slanted", "stem"],
)
def test_strokes_are_not_erased(ends: tuple[tuple[int, int], tuple[int, int]]) -> None:
    contrast = paper()
    cv2.line(contrast, *ends, 255, 6)
    assert find_ruled_lines(contrast, INK) is None


def test_line_between_two_strokes_that_cross_it_is_erased() -> None:
    contrast = paper()
    for place in (40, 120, 200):
        cv2.line(contrast, (0, place), (319, place), 150, 3)
    for column in (100, 112):
        cv2.line(contrast, (column, 90), (column, 150), 150, 4)
    lines = find_ruled_lines(contrast, INK)
    assert lines is not None
    assert lines.erased[119:122, 104:109].all()
    assert not lines.erased[119:122, 99:102].any()
    assert not lines.erased[119:122, 111:114].any()


@pytest.mark.parametrize("height", [500, 826, 1000])
def test_digits_on_thin_lines_do_not_draw_them_aside(height: int) -> None:
    contrast, places = paper(height, 658), range(10, height, 61)
    for place in places:
        cv2.line(contrast, (0, place), (657, place), 120, 1)
        for column in range(40, 300, 40):
            cv2.circle(contrast, (column, place + 16), 14, 255, 5)
    erased = erased_pixels(contrast)
    for place in places:
        assert erased[place, 350:].mean() > 0.9


def test_a_row_of_digits_is_not_a_thick_line() -> None:
    contrast = paper(800, 700)
    for place in range(20, 800, 60):
        cv2.line(contrast, (0, place), (699, place), 200, 3)
        cv2.line(contrast, (place, 0), (place, 799), 200, 3)
    rings = paper(800, 700)
    for column in range(20, 690, 33):
        cv2.ellipse(rings, (column, 402), (12, 22), 0, 0, 360, 255, 5)
    erased = erased_pixels(cv2.max(contrast, rings))
    assert erased[rings > 0].mean() < 0.4


@pytest.mark.parametrize("width", [97, 193, 320, 547, 640, 1281])
def test_steep_line_at_the_border_is_erased_at_any_width(width: int) -> None:
    contrast = paper(width=width)
    rise = round(0.08 * width)
    cv2.line(contrast, (0, 238 - rise), (width - 1, 238), 200, 3)
    cv2.line(contrast, (0, 1), (width - 1, 1 + rise), 200, 3)
    erased = erased_pixels(contrast)
    assert (contrast[~erased] > INK).mean() < 0.004


@pytest.mark.parametrize("shape", [(1, 1), (3, 300), (23, 23), (240, 320)])
@pytest.mark.parametrize("level", [0, 255])
def test_uniform_image_has_no_lines(shape: tuple[int, int], level: int) -> None:
    assert find_ruled_lines(np.full(shape, level, np.uint8), INK) is None


@given(
    contrast=arrays.arrays(
        np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60)), elements=st.integers(0, 255)
    ),
    threshold=st.floats(1, 255),
)
@settings(deadline=None, max_examples=60)
def test_any_image_gives_lines_or_none(contrast: np.ndarray, threshold: float) -> None:
    lines = find_ruled_lines(contrast, threshold)
    if lines is not None:
        for mask in (lines.erased, lines.across, lines.down):
            assert (mask.shape, mask.dtype) == (contrast.shape, bool)
        assert not (lines.erased & ~(lines.across | lines.down)).any()


def test_what_is_darker_than_a_line_is_written_on_it() -> None:
    contrast, stroke = paper(), paper()
    for place in range(20, 320, 60):
        cv2.line(contrast, (place, 0), (place, 239), 130, 3)
    for place in range(30, 240, 60):
        cv2.line(contrast, (0, place), (319, place), 130, 3)
    cv2.line(stroke, (80, 60), (80, 110), 255, 5)  # a 1 along a line that runs down
    cv2.line(stroke, (150, 150), (190, 150), 255, 5)  # the foot of a 2
    cv2.ellipse(stroke, (230, 120), (14, 22), 0, 0, 360, 255, 3)
    lines = find_ruled_lines(cv2.max(contrast, stroke), INK)
    assert lines is not None
    assert not (lines.erased & (stroke > 0)).any()
    assert not ((lines.across | lines.down) & (stroke > 0)).any()
    assert lines.erased[contrast > 0].mean() > 0.9


@pytest.mark.parametrize("rise", [1, 2, 3])
def test_thick_lines_are_erased_to_their_ends(rise: int) -> None:
    contrast = paper(600, 900)
    for row in range(60, 600, 60):
        cv2.line(contrast, (0, row), (899, row + rise), 160, 4)
        for x in range(60, 500, 70):
            cv2.ellipse(contrast, (x, row), (14, 25), 0, 0, 360, 255, 5)
    rest = np.where(erased_pixels(contrast), 0, contrast)
    assert (rest[:, 700:] > INK).mean() < 0.001
