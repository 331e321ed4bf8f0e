"""What remains of ruled lines."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mnist_core.preprocessing.line_remains import are_remains
from mnist_core.preprocessing.ruled_lines import RuledLines, find_ruled_lines

INK = 100


def paper() -> np.ndarray:
    return np.zeros((240, 320), np.uint8)


def remains(pieces: np.ndarray, contrast: np.ndarray, lines: RuledLines) -> list[bool]:
    """Which of the pieces, 1, 2, … and the background 0, are remains of the lines."""
    parts = [
        cv2.connectedComponentsWithStats((pieces == label).view(np.uint8))[2][1:2]
        for label in range(1, int(pieces.max()) + 1)
    ]
    stats = np.concatenate([np.array([[0, 0, *pieces.shape[::-1], pieces.size]]), *parts])
    return are_remains(pieces, stats.astype(np.int32), contrast, lines).tolist()


def test_what_stands_in_the_gap_of_a_line_is_no_digit() -> None:
    contrast, pieces = paper(), paper()
    for place in range(20, 320, 60):
        cv2.line(contrast, (place, 0), (place, 239), 180, 2)
    for place in range(30, 240, 60):
        cv2.line(contrast, (0, place), (319, place), 180, 2)
    lines = find_ruled_lines(contrast, INK)
    assert lines is not None
    # A dark piece of a line, a stroke that crosses it, and a digit between the lines.
    cv2.line(pieces, (80, 100), (80, 130), 1, 5)
    cv2.line(pieces, (100, 50), (120, 110), 2, 5)
    cv2.circle(pieces, (230, 120), 15, 3, 4)
    assert remains(pieces, contrast, lines)[1:] == [True, False, False]


@pytest.mark.parametrize(("level", "is_line"), [(180, True), (90, False), (255, False)])
def test_bar_between_two_lines_is_a_line_if_it_is_as_dark(level: int, is_line: bool) -> None:
    contrast, pieces = paper(), paper()
    for place in (40, 120):
        cv2.line(contrast, (0, place), (319, place), 180, 2)
    lines = find_ruled_lines(contrast, INK)
    assert lines is not None
    # From line to line; from a line to the middle; curved, and thick, from line to line.
    cv2.line(pieces, (80, 42), (83, 117), 1, 2)
    cv2.line(pieces, (160, 42), (160, 80), 2, 2)
    cv2.ellipse(pieces, (240, 80), (20, 38), 0, 90, 270, 3, 2)
    cv2.line(pieces, (280, 45), (280, 114), 4, 9)
    contrast[pieces > 0] = level
    assert remains(pieces, contrast, lines)[1:] == [is_line, False, False, False]
