"""Boxes drawn on pictures."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_core.inference import Digit
from mnist_core.overlay import draw_boxes


def digit(box: tuple[int, int, int, int]) -> Digit:
    probabilities = np.eye(10, dtype=np.float32)[7]
    frame = np.zeros((28, 28), np.uint8)
    return Digit(
        label=7, confidence=1.0, probabilities=probabilities, box=box, frame=frame, is_digit=True
    )


@pytest.mark.parametrize("shape", [(60, 80), (60, 80, 3), (60, 80, 4)])
def test_the_copy_is_rgb_and_the_original_untouched(shape: tuple[int, ...]) -> None:
    image = np.full(shape, 200, np.uint8)
    copy = draw_boxes(image, [digit((20, 30, 20, 20))])
    assert copy.shape == (60, 80, 3)
    assert (image == 200).all()
    assert (copy != copy[0, 0]).any(axis=2)[25:55, 15:45].any()


def test_the_box_surrounds_the_digit_and_hides_none_of_it() -> None:
    image = np.full((400, 400, 3), 255, np.uint8)
    copy = draw_boxes(image, [digit((150, 150, 100, 100))])
    assert (copy[155:245, 155:245] == 255).all()
    assert (copy[140:150, 200] != 255).any()
    assert (copy[251:260, 200] != 255).any()


def test_a_large_picture_comes_back_small_with_its_box_in_place() -> None:
    image = np.full((3000, 4000, 3), 255, np.uint8)
    copy = draw_boxes(image, [digit((2000, 1500, 400, 400))], longest_side=1000)
    assert copy.shape == (750, 1000, 3)
    changed = np.argwhere((copy != 255).any(axis=2))
    assert 485 <= changed[:, 1].min() < 500
    assert 600 < changed[:, 1].max() <= 615


@pytest.mark.parametrize("box", [(0, 0, 5, 5), (0, 0, 60, 60), (58, 58, 2, 2)])
def test_boxes_at_the_edge_are_drawn(box: tuple[int, int, int, int]) -> None:
    copy = draw_boxes(np.zeros((60, 60), np.uint8), [digit(box)])
    assert copy.any()


def test_transparent_parts_are_white() -> None:
    assert (draw_boxes(np.zeros((5, 5, 4), np.uint8), []) == 255).all()
