"""Ink to digits, in reading order."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from support.own_strokes import OWN_STROKES, STYLES, Stroke, curve, line
from support.strokes import draw_strokes, drawn_digit, place_strokes

from mnist_core.preprocessing.segmentation import InkedDigit, find_digits

TWO_STROKES: dict[str, list[Stroke]] = {
    "a 5 whose bar does not touch": [
        [*line((30, 14), (28, 46)), *curve((28, 46), (54, 40), (76, 60), (66, 90), (40, 98))],
        line((44, 2), (92, 0)),
    ],
    "a 5 whose bar hangs over": [
        [*line((30, 20), (28, 48)), *curve((28, 48), (52, 44), (66, 64), (58, 90), (20, 96))],
        line((52, 8), (98, 2)),
    ],
    "a 4 and its stem": [line((40, 4), (18, 58), (84, 58)), line((68, 30), (62, 98))],
    "an open 4 and its stem": [line((30, 0), (22, 60), (64, 60)), line((76, 36), (70, 98))],
    "a 7 and its bar": STYLES["7 with a bar"][1],
    "a 7 whose roof does not touch": [line((20, 2), (70, 2)), line((78, 14), (42, 98))],
    "a 1 with a dot, like an i": [line((50, 28), (48, 98)), line((52, 2), (52, 4))],
    "an 8 of two rings": [
        curve((50, 2), (32, 12), (34, 36), (50, 44), (66, 34), (66, 12), (50, 2)),
        curve((50, 51), (28, 60), (28, 88), (50, 98), (72, 86), (72, 60), (50, 51)),
    ],
}


def boxes(digits: list[InkedDigit]) -> list[tuple[int, int, int, int]]:
    return [digit.box for digit in digits]


def row_of(digits: str, *, gap: float, brush: float = 9, slope: float = 0) -> np.ndarray:
    """Own digits, 100 px high, side by side with gaps of that many pixels."""
    image = np.zeros((260, 170 * len(digits)), np.uint8)
    left = 10 + brush
    for position, digit in enumerate(digits):
        strokes = OWN_STROKES[int(digit)]
        points = np.array([point for stroke in strokes for point in stroke])
        width, height = np.ptp(points, axis=0)
        width *= 100 / max(width, height)
        center = (left + width / 2, 130 - slope * position)
        draw_strokes(place_strokes(strokes, side=100, center=center), image=image, brush=brush)
        left += width + brush + gap
    return image


def test_a_digit_is_in_the_line_whose_middle_is_nearest() -> None:
    image = np.zeros((400, 300), np.uint8)
    # Two lines that come near each other: (left, top) of 60x100 px.
    for left, top in [(20, 40), (30, 180), (120, 70), (130, 190), (220, 80), (230, 200)]:
        image[top : top + 100, left : left + 60] = 255
    found = find_digits(image, drawn=True).digits
    assert [digit.box[:2] for digit in found] == [
        (20, 40),
        (120, 70),
        (220, 80),
        (30, 180),
        (130, 190),
        (230, 200),
    ]


def test_a_long_line_beside_digits_makes_no_specks_of_them() -> None:
    image = np.zeros((400, 1400), np.uint8)
    image[100:360, :1020] = row_of("407213", gap=40)
    image[60:63] = 255
    found = find_digits(image, drawn=True)
    assert len([digit for digit in found.digits if digit.box[3] > 50]) == 6


@pytest.mark.parametrize("brush", [5, 9, 16, 24])
@pytest.mark.parametrize("name", TWO_STROKES)
def test_strokes_of_a_digit_are_grouped(name: str, brush: int) -> None:
    found = find_digits(drawn_digit(TWO_STROKES[name], brush=brush), drawn=True).digits
    assert len(found) == 1


@pytest.mark.parametrize("gap", [8, 15, 40, 60])
@pytest.mark.parametrize("brush", [5, 9, 14])
def test_digits_side_by_side_are_separate_and_in_order(gap: int, brush: int) -> None:
    for number in ("0123456789", "1111", "4110", "9876543210", "7070"):
        found = find_digits(row_of(number, gap=gap, brush=brush), drawn=True).digits
        assert len(found) == len(number), number
        lefts = [x for x, *_ in boxes(found)]
        assert lefts == sorted(lefts)


@pytest.mark.parametrize("slope", [-25, 25])
def test_climbing_line_is_one_line(slope: int) -> None:
    found = find_digits(row_of("23456", gap=20, slope=slope / 5), drawn=True).digits
    lefts = [x for x, *_ in boxes(found)]
    assert len(found) == 5
    assert lefts == sorted(lefts)


def test_lines_are_sorted_from_top_to_bottom() -> None:
    top, bottom = row_of("382", gap=20), row_of("6905", gap=20)
    width = max(top.shape[1], bottom.shape[1])
    sheet = np.zeros((top.shape[0] + bottom.shape[0] - 90, width), np.uint8)
    sheet[: top.shape[0], : top.shape[1]] = top
    sheet[top.shape[0] - 90 :, : bottom.shape[1]] |= bottom
    found = boxes(find_digits(sheet, drawn=True).digits)
    assert len(found) == 7
    assert max(y + h for _, y, _, h in found[:3]) <= min(y for _, y, _, _ in found[3:])
    for one_line in (found[:3], found[3:]):
        assert [x for x, *_ in one_line] == sorted(x for x, *_ in one_line)


def test_box_is_that_of_the_ink() -> None:
    image = np.zeros((100, 120), np.uint8)
    image[20:81, 50:56] = 255
    image[20:26, 30:56] = 255
    (digit,) = find_digits(image, drawn=True).digits
    assert digit.box == (30, 20, 26, 61)
    assert (digit.ink == image[20:81, 30:56]).all()


@pytest.mark.parametrize(
    "speck",
    [
        lambda image: cv2.circle(image, (30, 30), 3, 255, -1),
        lambda image: cv2.circle(image, (250, 250), 9, 255, -1),  # a tap of the same pen
        lambda image: cv2.line(image, (20, 140), (20, 180), 255, 2),  # a scratch
        lambda image: image.__setitem__((slice(None, None, 31), slice(None, None, 37)), 255),
    ],
    ids=["speck", "tap", "scratch", "dust"],
)
def test_specks_are_ignored(speck) -> None:
    image = drawn_digit(OWN_STROKES[3])
    expected = boxes(find_digits(image, drawn=True).digits)
    speck(image)
    assert len(expected) == 1
    (found,) = boxes(find_digits(image, drawn=True).digits)
    assert np.abs(np.subtract(found, expected[0])).max() <= 12


def test_specks_alone_give_no_digits() -> None:
    image = np.zeros((280, 280), np.uint8)
    cv2.circle(image, (140, 140), 9, 255, -1)
    assert find_digits(image, drawn=True).digits == []


def test_neighbor_inside_the_box_is_removed() -> None:
    # Two slanted ones: their boxes overlap, their strokes do not touch.
    strokes: list[Stroke] = [[(20, 170), (100, 30)], [(80, 170), (160, 30)]]
    image = draw_strokes(strokes, width=200, height=200, brush=10)
    left, right = find_digits(image, drawn=True).digits
    assert left.box[0] + left.box[2] > right.box[0]
    for digit, stroke in ((left, strokes[0]), (right, strokes[1])):
        x, y, w, h = digit.box
        alone = draw_strokes([stroke], width=200, height=200, brush=10)
        assert (digit.ink == alone[y : y + h, x : x + w]).all()


def test_border_objects_of_a_photograph_are_left_out() -> None:
    image = drawn_digit(OWN_STROKES[6], side=120)
    (digit,) = boxes(find_digits(image, drawn=False).digits)
    image[:, 250:256] = 255  # a printed line
    image[270:, :] = 255
    assert boxes(find_digits(image, drawn=False).digits) == [digit]
    # A drawing may leave the canvas: all its ink counts.
    assert boxes(find_digits(image, drawn=True).digits) != [digit]


def test_digit_that_fills_its_photograph_is_kept() -> None:
    image = drawn_digit(OWN_STROKES[6], side=120)
    x, y, w, h = boxes(find_digits(image, drawn=True).digits)[0]
    assert (
        len(find_digits(np.ascontiguousarray(image[y : y + h, x : x + w]), drawn=False).digits) == 1
    )


@pytest.mark.parametrize("shape", [(1, 140_000), (508, 512), (511, 511), (513, 513), (1600, 1600)])
def test_largest_possible_number_of_components_is_labelled(shape: tuple[int, int]) -> None:
    dots = np.zeros(shape, np.uint8)
    dots[::2, ::2] = 255
    assert find_digits(dots, drawn=True).digits == []


def test_texture_is_limited_to_the_largest_components() -> None:
    dots = (np.random.default_rng(0).random((1600, 1600)) < 0.05).astype(np.uint8) * 255
    assert len(find_digits(dots, drawn=True).digits) <= 1000


def photographed_row(*, thick: bool = False) -> np.ndarray:
    """A 0, a gap with room for a thin mark, and two 0s; the last one may be a blot."""
    image = np.zeros((200, 420), np.uint8)
    for place in (60, 200, 330):
        pen = 34 if thick and place == 330 else 10
        cv2.ellipse(image, (place, 100), (30, 45), 0, 0, 360, 255, pen)
    return image


def test_a_thin_one_in_a_photographed_row_is_a_digit() -> None:
    image = photographed_row()
    cv2.line(image, (130, 60), (130, 140), 255, 1)
    assert len(find_digits(image, drawn=False).digits) == 4
    # Beside one digit alone, it may be a printed line.
    image[:, 150:] = 0
    assert len(find_digits(image, drawn=False).digits) == 1


def test_a_thin_one_before_a_broad_digit_is_in_its_row() -> None:
    image = np.zeros((200, 420), np.uint8)
    cv2.line(image, (32, 60), (32, 140), 255, 1)
    # The next but one is too far away from it.
    for place in (110, 300):
        cv2.ellipse(image, (place, 100), (60, 40), 0, 0, 360, 255, 10)
    assert len(find_digits(image, drawn=False).digits) == 3


def test_a_thin_mark_beside_an_erased_line_is_a_remain_of_it() -> None:
    image = photographed_row()
    cv2.line(image, (130, 60), (130, 140), 255, 1)
    lines = np.zeros(image.shape, bool)
    lines[:, 131:134] = True
    found = find_digits(image, drawn=False, lines=lines)
    assert len(found.digits) == 3
    assert [mark.reason for mark in found.left_out] == ["speck"]


def test_one_thick_digit_makes_no_scratches_of_the_others() -> None:
    image = photographed_row(thick=True)
    cv2.ellipse(image, (130, 120), (14, 20), 0, 0, 360, 255, 5)
    assert len(find_digits(image, drawn=False).digits) == 4


def test_a_hair_that_is_taller_than_the_digit_is_left_out() -> None:
    image = np.zeros((100, 90), np.uint8)
    cv2.polylines(image, [np.array([(40, 20), (30, 55), (70, 50)])], False, 255, 8)
    cv2.line(image, (62, 25), (60, 85), 255, 8)
    cv2.line(image, (10, 0), (10, 80), 255, 1)
    (digit,) = find_digits(image, drawn=False).digits
    assert digit.box[0] > 20


def test_fingertip_is_no_pen() -> None:
    image = drawn_digit(OWN_STROKES[2], brush=6)
    alone = boxes(find_digits(image, drawn=False).digits)
    cv2.circle(image, (262, 262), 14, 255, -1)
    assert boxes(find_digits(image, drawn=False).digits) == alone


def test_small_rows_are_told_apart_from_single_specks() -> None:
    image = np.zeros((500, 500), np.uint8)
    image[100:300, 150:180] = image[100:300, 250:280] = 255
    for left, top in ((60, 400), (85, 402), (110, 399), (400, 60)):
        image[top : top + 24, left : left + 6] = 255
    found = find_digits(image, drawn=True)
    assert [boxes(row) for row in found.small] == [
        [(60, 400, 6, 24), (85, 402, 6, 24), (110, 399, 6, 24)]
    ]
    assert len(found.left_out) == 4


@pytest.mark.parametrize("size", [(3, 3), (8, 11), (20, 20)], ids=str)
def test_lone_dot_of_a_large_picture_is_no_small_writing(size: tuple[int, int]) -> None:
    image = np.zeros((1400, 1400), np.uint8)
    image[700 : 700 + size[1], 700 : 700 + size[0]] = 255
    assert find_digits(image, drawn=False).small == []
    image[:] = 0
    image[700:722, 700:706] = 255
    (row,) = find_digits(image, drawn=False).small
    assert boxes(row) == [(700, 700, 6, 22)]
