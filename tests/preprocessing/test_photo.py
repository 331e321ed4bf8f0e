"""The ink of photographs: what is faint, and what is none."""

from __future__ import annotations

import cv2
import numpy as np

from mnist_core.preprocessing.photo import photo_ink

BOX = slice(50, 150), slice(20, 45)


def photograph(*digits: int, grain: bool = False) -> np.ndarray:
    """Dark 0s at these columns, and a line as high as they are, 1 px wide, at column 32.

    The grain are such lines above and below.
    """
    image = np.full((300, 420), 210, np.uint8)
    cv2.line(image, (32, 60), (32, 140), 60, 1)
    for place in digits:
        cv2.ellipse(image, (place, 100), (30, 45), 0, 0, 360, 40, 10)
    for column in range(10, 420, 24) if grain else ():
        cv2.line(image, (column, 200), (column, 280), 60, 1)
    return cv2.GaussianBlur(image, (0, 0), 1)


def test_a_faint_stroke_in_a_row_of_digits_is_ink() -> None:
    ink, _ = photo_ink(photograph(90, 200, 330), "dark")
    assert (ink[BOX].max(axis=1) > 0).sum() > 70


def test_a_faint_stroke_beside_one_digit_or_far_away_is_none() -> None:
    for digits in ((90,), (250, 330)):
        ink, _ = photo_ink(photograph(*digits), "dark")
        assert not ink[BOX].any(), digits


def test_much_that_is_faint_is_the_grain_of_the_paper() -> None:
    ink, _ = photo_ink(photograph(90, 200, 330, grain=True), "dark")
    assert not ink[BOX].any()
    assert not ink[180:].any()
    assert ink[50:150, 60:].max() == 255
