"""Digit styles and their curves."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_core.augmentation.digit_styles import SIGNS, STYLES, Style, smooth_basis


@pytest.mark.parametrize("digit", range(10))
def test_styles_include_several_of_each_digit(digit: int) -> None:
    assert sum(style.digit == digit for style in STYLES) >= 3


@pytest.mark.parametrize(
    "style", [*STYLES, *SIGNS], ids=lambda style: f"{style.digit}:{style.base[0][:12]}"
)
def test_style_variations_have_the_base_s_strokes_points_and_corners(style: Style) -> None:
    assert style.directions.shape[1:] == style.points.shape
    assert len(style.directions) >= 1
    for variation in style.variations:
        for own, base in zip(variation, style.base, strict=True):
            points, starts = own.split(), base.split()
            corners = [
                point.endswith("!")
                for point, start in zip(points, starts, strict=True)
                if point != "."
            ]
            assert corners == [
                start.endswith("!")
                for point, start in zip(points, starts, strict=True)
                if point != "."
            ]
    assert all(curve.shape[1] == len(style.points) for curve in style.curves)
    # Each parameter changes something.
    assert (np.abs(style.directions).max(axis=(1, 2)) > 0.02).all()


def test_style_variations_move_the_points_that_they_name_and_add_up() -> None:
    style = Style(1, ("0,0 10,100",), ((". 30,100",), ("5,-10 .",)))
    np.testing.assert_allclose(
        style.points + style.directions.sum(axis=0), [(0.05, -0.1), (0.3, 1)]
    )


def test_styles_of_a_rim_belong_to_both_digits() -> None:
    digits: dict[tuple[str, ...], set[int | None]] = {}
    for style in STYLES:
        digits.setdefault(style.base, set()).add(style.digit)
    assert {frozenset(both) for both in digits.values() if len(both) > 1} == {
        frozenset((1, 7)),
        frozenset((4, 9)),
        frozenset((0, 6)),
    }


def test_smooth_basis_passes_through_points_and_is_sharp_only_at_corners() -> None:
    points = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    smooth = smooth_basis(np.array([False, False, False])) @ points
    sharp = smooth_basis(np.array([False, True, False])) @ points
    for curve in (smooth, sharp):
        assert np.abs(curve[[0, 8, 16]] - points).max() < 1e-9
    assert np.abs(sharp[:9, 1]).max() < 1e-9  # straight to the corner
    assert np.abs(smooth[:9, 1]).max() > 0.01
