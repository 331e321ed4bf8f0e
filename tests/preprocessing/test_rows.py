"""The order in which digits are read."""

from __future__ import annotations

import numpy as np

from mnist_core.preprocessing.rows import find_host, reading_order


def test_lines_of_writing_are_read_from_the_top() -> None:
    boxes = [(100, 60, 20, 30), (0, 0, 20, 30), (0, 55, 20, 30), (50, 4, 20, 30)]
    assert reading_order(boxes) == [1, 3, 2, 0]


def test_digits_at_different_heights_are_in_one_row_of_a_table() -> None:
    # A row of cells with the digits at their bottoms, middles and tops, above another one.
    boxes = [(0, 50, 20, 30), (100, 5, 20, 30), (200, 25, 20, 30), (0, 90, 20, 30)]
    assert reading_order(boxes) != [0, 1, 2, 3]
    assert reading_order(boxes, [1, 1, 1, 2]) == [0, 1, 2, 3]


def test_a_row_of_a_table_may_have_two_lines_of_writing() -> None:
    boxes = [(0, 0, 20, 30), (5, 40, 20, 30), (30, 0, 20, 30), (35, 40, 20, 30)]
    assert reading_order(boxes, [1, 1, 1, 1]) == [0, 2, 1, 3]


def test_digit_above_the_middle_of_its_line_is_in_it() -> None:
    # In a form, each digit has its own height in its box.
    digits = [(50, 57, 19, 31), (90, 37, 21, 30), (140, 53, 27, 33), (185, 60, 22, 30)]
    assert reading_order(digits) == [0, 1, 2, 3]


def test_lines_that_share_a_row_stay_apart() -> None:
    upper = [(x, 0, 20, 30) for x in (0, 40, 80)]
    lower = [(x, 25, 20, 30) for x in (10, 50, 90)]
    assert reading_order([*lower, *upper]) == [3, 4, 5, 0, 1, 2]


def test_colon_does_not_begin_a_line() -> None:
    # "25:53"; its dots are above each other.
    boxes = [(58, 74, 96, 75), (172, 64, 59, 99), (291, 71, 91, 93), (405, 69, 70, 102)]
    dots = [(253, 89, 11, 17), (253, 136, 11, 18)]
    assert [i for i in reading_order([*dots, *boxes]) if i > 1] == [2, 3, 4, 5]
    # One much lower than a dot.
    assert reading_order([(260, 150, 2, 2), *dots, *boxes])[:2] == [3, 4]


def test_host_is_the_nearest_of_much_higher_digits() -> None:
    digits = np.array([(0, 0, 60, 100), (200, 0, 60, 100)])
    assert find_host((170, 90, 10, 30), digits) == (200, 0, 60, 100)
    assert find_host((170, 40, 20, 60), digits) is None  # as high as a digit
    assert find_host((170, 120, 10, 30), digits) is None  # below them
    assert find_host((170, 90, 10, 30), np.zeros((0, 4), int)) is None
