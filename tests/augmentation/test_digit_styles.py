"""Digit styles and their curves."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_core.augmentation.digit_styles import STYLES, Style, smooth_basis


@pytest.mark.parametrize("digit", range(10))
def test_styles_include_several_of_each_digit(digit: int) -> None:
    assert sum(style.digit == digit for style in STYLES) >= 3


@pytest.mark.parametrize("style", STYLES, ids=lambda style: f"{style.digit}:{style.first[0][:12]}")
def test_style_extremes_have_the_same_strokes_points_and_corners(style: Style) -> None:
    assert style.extremes.shape[0] == 2
    assert [[p.endswith("!") for p in s.split()] for s in style.first] == [
        [p.endswith("!") for p in s.split()] for s in style.second
    ]
    assert all(curve.shape[1] == style.extremes.shape[1] for curve in style.curves)


def test_smooth_basis_passes_through_points_and_is_sharp_only_at_corners() -> None:
    points = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    smooth = smooth_basis(np.array([False, False, False])) @ points
    sharp = smooth_basis(np.array([False, True, False])) @ points
    for curve in (smooth, sharp):
        assert np.abs(curve[[0, 8, 16]] - points).max() < 1e-9
    assert np.abs(sharp[:9, 1]).max() < 1e-9  # straight to the corner
    assert np.abs(smooth[:9, 1]).max() > 0.01
