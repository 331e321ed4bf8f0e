"""Frames, tables and signs are no part of the digits in them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from support.own_strokes import OWN_STROKES
from support.strokes import draw_strokes, place_strokes

from mnist_core.preprocessing.components import find_components, typical_height
from mnist_core.preprocessing.frames import find_frames
from mnist_core.preprocessing.segmentation import find_digits


def write(image: np.ndarray, digit: int, x: float, y: float, side: float = 50) -> None:
    placed = place_strokes(OWN_STROKES[digit], side=side, center=(x, y))
    draw_strokes(placed, image=image, brush=6)


def table(rows: int, columns: int, *, shift: float = 0, outer: bool = True) -> np.ndarray:
    """Digits in cells of 90x80 px; `shift` moves them up, towards the lines."""
    image = np.zeros((rows * 80 + 60, columns * 90 + 60), np.uint8)
    for row in range(rows):
        for column in range(columns):
            digit = (row * columns + column) % 10
            write(image, digit, 75 + 90 * column, 70 + 80 * row - shift)
    for row in range(not outer, rows + outer):
        y = 30 + 80 * row
        cv2.line(image, (30, y + 2), (30 + 90 * columns, y - 2), 255, 4)
    for column in range(not outer, columns + outer):
        x = 30 + 90 * column
        cv2.line(image, (x - 2, 30), (x + 2, 30 + 80 * rows), 255, 4)
    return image


def boxes(image: np.ndarray) -> list[tuple[int, int, int, int]]:
    return [digit.box for digit in find_digits(image, drawn=True).digits]


@pytest.mark.parametrize("shift", [0, 4, 8])
@pytest.mark.parametrize(("rows", "columns"), [(1, 4), (2, 5), (5, 2)])
def test_digits_in_a_table_are_found(rows: int, columns: int, shift: float) -> None:
    found = boxes(table(rows, columns, shift=shift))
    assert len(found) == rows * columns
    assert max(height for *_, height in found) < 70


def test_digits_in_an_open_table_are_found() -> None:
    assert len(boxes(table(3, 4, outer=False))) == 12


@pytest.mark.parametrize("shift", [0, 8])
def test_digits_that_touch_a_cross_are_found(shift: float) -> None:
    found = boxes(table(3, 2, outer=False, shift=shift))
    assert len(found) == 6
    assert max(height for *_, height in found) < 70


def test_digits_between_lines_that_do_not_cross_are_found() -> None:
    image = np.zeros((400, 620), np.uint8)
    for row in range(4):
        for column in range(6):
            write(image, (row + 2 * column) % 10, 60 + 100 * column, 60 + 90 * row)
    for x in (110, 210, 310, 410, 510):
        cv2.line(image, (x, 20), (x + 4, 380), 255, 5)
        # The stroke of a digit that touches the line.
        cv2.line(image, (x - 25, 150), (x, 150), 255, 6)
    found = boxes(image)
    assert len([box for box in found if box[3] > 40]) == 24
    assert max(height for *_, height in found) < 70


def draw_frame(image: np.ndarray, kind: str) -> None:
    if kind == "box":
        cv2.rectangle(image, (20, 20), (130, 130), 255, 5)
    elif kind == "circle":
        cv2.circle(image, (75, 75), 60, 255, 5)
    elif kind == "open circle":
        cv2.ellipse(image, (75, 75), (60, 60), 0, 0, 350, 255, 5)
    else:
        cv2.rectangle(image, (0, 0), (149, 149), 255, 2)


@pytest.mark.parametrize("kind", ["box", "circle", "open circle", "rim"])
def test_frame_does_not_change_its_digit(kind: str) -> None:
    for digit in (2, 3, 5, 8):
        image = np.zeros((150, 150), np.uint8)
        write(image, digit, 75, 75)
        (alone,) = find_digits(image, drawn=True).digits
        draw_frame(image, kind)
        (framed,) = find_digits(image, drawn=True).digits
        assert framed.box == alone.box
        assert (framed.ink == alone.ink).all()


@pytest.mark.parametrize("end", [345, 360, 370])
def test_circle_around_a_number_does_not_change_it(end: int) -> None:
    image = np.zeros((200, 420), np.uint8)
    for place, digit in enumerate((3, 9, 7)):
        write(image, digit, 130 + 80 * place, 100)
    alone = boxes(image)
    cv2.ellipse(image, (210, 100), (180, 70), 4, 0, end, 255, 6)
    assert boxes(image) == alone


def test_large_digit_beside_smaller_ones_is_no_table() -> None:
    image = np.zeros((400, 420), np.uint8)
    for place in range(4):
        write(image, place, 80 + 80 * place, 60)
    write(image, 6, 120, 250, 200)
    assert len(boxes(image)) == 5
    assert find_frames(*find_components(image, 1000)) is None


def test_zero_with_a_dot_or_a_slash_is_no_frame() -> None:
    for inner in (((75, 75), (75, 75)), ((65, 95), (85, 55))):
        image = np.zeros((150, 150), np.uint8)
        cv2.ellipse(image, (75, 75), (40, 60), 0, 0, 360, 255, 6)
        cv2.line(image, *inner, 255, 6)
        assert find_frames(*find_components(image, 1000)) is None


@pytest.mark.parametrize("sign", ["dash", "fraction bar", "underline"])
def test_sign_is_no_part_of_a_digit(sign: str) -> None:
    image = np.zeros((300, 300), np.uint8)
    write(image, 3, 80, 80, 80)
    write(image, 6, 220 if sign == "dash" else 150, 80, 80)
    if sign == "fraction bar":
        write(image, 2, 115, 220, 80)
    expected = boxes(image)
    ends = ((130, 80), (170, 80)) if sign == "dash" else ((40, 145), (190, 150))
    cv2.line(image, *ends, 255, 6)
    found = find_digits(image, drawn=True)
    assert [digit.box for digit in found.digits] == expected
    assert len(found.left_out) == 1


@pytest.mark.parametrize("change", ["move", "scale", "margin"])
def test_table_is_read_the_same_after_a_change(change: str) -> None:
    image = table(2, 3, shift=6)
    expected = np.array(boxes(image))
    if change == "move":
        image, expected = np.roll(image, (7, 11), (0, 1)), expected + np.array([11, 7, 0, 0])
    elif change == "scale":
        image = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
        expected = 2 * expected
    else:
        image, expected = np.pad(image, 40), expected + np.array([40, 40, 0, 0])
    assert np.abs(np.array(boxes(image)) - expected).max() <= 4


def test_typical_height_is_that_of_the_many() -> None:
    image = np.zeros((400, 900), np.uint8)
    for place in range(8):
        write(image, 3, 60 + 100 * place, 60)
    usual = typical_height(find_components(image, 1000)[0])
    cv2.line(image, (880, 5), (880, 395), 255, 4)
    image[300:302, 0:600:20] = 255
    assert typical_height(find_components(image, 1000)[0]) == usual


def test_digit_among_specks_is_no_table() -> None:
    image = np.zeros((200, 620), np.uint8)
    for column in range(6):
        write(image, column, 60 + 100 * column, 80, side=60)
        for speck in range(3):
            cv2.line(image, (20 + 100 * column, 20 + 50 * speck), (21 + 100 * column, 40), 255, 3)
    components, labels = find_components(image, 100)
    assert find_frames(components, labels) is None


def test_digit_that_touches_an_open_circle_is_kept() -> None:
    image = np.zeros((200, 240), np.uint8)
    write(image, 3, 85, 100)
    cv2.line(image, (125, 75), (160, 75), 255, 6)
    cv2.line(image, (160, 75), (135, 125), 255, 6)
    (three, seven) = boxes(image)
    cv2.ellipse(image, (120, 100), (95, 75), 200, 0, 352, 255, 7)
    cv2.line(image, (160, 75), (205, 75), 255, 6)
    found = boxes(image)
    assert found[0] == three
    assert len(found) == 2
    assert abs(found[1][3] - seven[3]) < 6


def test_circle_around_a_digit_and_specks_is_no_table() -> None:
    image = np.zeros((200, 200), np.uint8)
    write(image, 5, 100, 100)
    (alone,) = boxes(image)
    for speck in ((60, 80), (62, 120), (140, 125)):
        cv2.circle(image, speck, 3, 255, -1)
    cv2.circle(image, (100, 100), 80, 255, 12)
    assert boxes(image) == [alone]


def test_box_that_leans_is_erased() -> None:
    image = np.zeros((300, 240), np.uint8)
    write(image, 9, 120, 150, side=110)
    (alone,) = boxes(image)
    corners = np.array([[60, 30], [200, 20], [190, 270], [30, 280]])
    cv2.polylines(image, [corners], isClosed=True, color=255, thickness=14)
    assert boxes(image) == [alone]


def test_digits_that_touch_a_line_from_both_sides_stay_apart() -> None:
    image = table(3, 4)
    for column in (0, 3):
        x = 75 + 90 * column
        cv2.line(image, (x, 90), (x, 130), 255, 6)  # through the line between two rows
    found = boxes(image)
    assert len(found) == 12
    assert max(height for *_, height in found) < 75


def test_digits_beside_a_line_are_not_erased_with_it() -> None:
    image = np.zeros((200, 900), np.uint8)
    for place in range(8):
        write(image, place, 60 + 100 * place, 80, side=60)
    cv2.line(image, (5, 110), (300, 110), 255, 3)  # what remains of a ruled line
    assert len([box for box in boxes(image) if box[3] > 40]) == 8


def test_row_of_a_table_is_read_before_the_next() -> None:
    image = np.zeros((260, 560), np.uint8)
    for row in range(3):
        cv2.line(image, (30, 20 + 110 * row), (530, 20 + 110 * row), 255, 4)
    for column in range(6):
        cv2.line(image, (30 + 100 * column, 20), (30 + 100 * column, 240), 255, 4)
    shifts = (28, -28, 28, -28, 0)
    for column, shift in enumerate(shifts):
        write(image, 3, 80 + 100 * column, 75 + shift, side=44)
        write(image, 5, 80 + 100 * column, 185 - shift, side=44)
    lefts = [x for x, *_ in boxes(image)]
    assert len(lefts) == 10
    assert lefts[:5] == sorted(lefts[:5])
    assert lefts[5:] == sorted(lefts[5:])


def test_frame_whose_lines_are_short_is_no_table() -> None:
    image = np.zeros((360, 560), np.uint8)
    corners = np.array([(20, 20), (240, 20), (300, 340), (540, 340)], np.int32)
    cv2.polylines(image, [corners], False, 255, 6)
    for place, x in enumerate((40, 100, 160, 420, 480)):
        write(image, place, x + 20, 110 if place < 3 else 270)
    found = find_frames(*find_components(image, 10))
    assert found is not None
    assert found.across is None
    assert boxes(image)
