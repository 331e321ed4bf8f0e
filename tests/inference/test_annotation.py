"""Drawing boxes onto images."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_core.inference.annotation import draw_boxes
from mnist_core.inference.reading import Digit

ORANGE, GREY = (255, 150, 0), (140, 140, 140)


def digit(box: tuple[int, int, int, int], *, label: int = 7, is_digit: bool = True) -> Digit:
    return Digit(
        label=label,
        confidence=1.0,
        probabilities=np.eye(10, dtype=np.float32)[label],
        box=box,
        frame=np.zeros((28, 28), np.uint8),
        digit_score=float(is_digit),
        is_digit=is_digit,
    )


def count(image: np.ndarray, color: tuple[int, int, int]) -> int:
    return int((image == color).all(axis=2).sum())


@pytest.mark.parametrize("shape", [(600, 800), (600, 800, 3), (600, 800, 4)])
def test_draw_boxes_returns_an_rgb_copy(shape: tuple[int, ...]) -> None:
    image = np.full(shape, 200, np.uint8)
    copy = draw_boxes(image, [digit((200, 300, 200, 200))])
    assert copy.shape == (600, 800, 3)
    assert (image == 200).all()
    assert (copy != copy[0, 0]).any(axis=2)[250:550, 150:450].any()


def test_box_surrounds_the_digit_without_hiding_it() -> None:
    image = np.full((500, 500, 3), 255, np.uint8)
    copy = draw_boxes(image, [digit((150, 150, 100, 100))])
    assert (copy[155:245, 155:245] == 255).all()
    assert (copy[140:150, 200] != 255).any()
    assert (copy[251:260, 200] != 255).any()


def test_large_image_is_shrunk_with_its_box_in_place() -> None:
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


def test_non_digit_has_a_grey_box() -> None:
    image = np.full((500, 500, 3), 255, np.uint8)
    box = (150, 150, 100, 100)
    yes, no = (draw_boxes(image, [digit(box, is_digit=is_digit)]) for is_digit in (True, False))
    assert count(yes, ORANGE) > 500
    assert count(no, GREY) > 500
    assert count(yes, GREY) == count(no, ORANGE) == 0
    assert (no[155:245, 155:245] == 255).all()


def test_guess_is_drawn_beside_the_question_mark() -> None:
    image = np.full((500, 500, 3), 255, np.uint8)
    box = (150, 150, 100, 100)
    three, eight = (
        draw_boxes(image, [digit(box, label=label, is_digit=False)]) for label in (3, 8)
    )
    changed = np.argwhere((three != eight).any(axis=2))
    assert len(changed) > 5
    assert changed[:, 0].max() < 150  # above the box, in the tag ...
    assert changed[:, 1].min() > 160  # ... behind the "?", which is the same
    tag = [np.flatnonzero((copy[140] != 255).any(axis=1)) for copy in (three, eight)]
    assert changed[:, 1].max() < min(columns.max() for columns in tag)


@pytest.mark.parametrize("is_digit", [True, False])
def test_tag_is_moved_inside_the_right_edge(is_digit: bool) -> None:
    image = np.zeros((500, 500, 3), np.uint8)
    tags = [
        draw_boxes(image, [digit((x, 100, 6, 60), is_digit=is_digit)])[:93].any(axis=2)
        for x in (100, 494)
    ]
    assert tags[0].sum() == tags[1].sum() > 0


def test_transparent_pixels_become_white() -> None:
    assert (draw_boxes(np.zeros((5, 5, 4), np.uint8), []) == 255).all()


@pytest.mark.parametrize("side", [28, 130])
def test_labels_do_not_hide_the_digits_of_a_small_picture(side: int) -> None:
    image = np.full((side, side), 255, np.uint8)
    boxes = [(2, 1, side // 3, side // 3), (2, side // 2, side // 3, side // 3)]
    copy = draw_boxes(image, [digit(box) for box in boxes])
    scale = 480 / side
    room = len(copy) - 480
    assert room > 0  # the first label stands above the picture
    for left, top, width, height in boxes:
        rows = slice(round(top * scale) + room + 1, round((top + height) * scale) + room - 1)
        inside = copy[rows, round(left * scale) + 1 : round((left + width) * scale) - 1]
        assert (inside == 255).all()


def test_room_above_the_picture_has_labels_alone() -> None:
    copy = draw_boxes(np.full((500, 500), 255, np.uint8), [digit((100, 0, 300, 400))])
    room = len(copy) - 500
    assert room > 0
    orange = (copy[: room - 1] == ORANGE).all(axis=2).any(axis=0)
    assert orange.any()
    assert not orange[200:].any()
