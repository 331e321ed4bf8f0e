"""A surface in an image, and the paper around a row of digits."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mnist_core.preprocessing.surface import row_angle, view_row

BOXES = st.lists(
    st.tuples(st.integers(0, 500), st.integers(0, 500), st.integers(1, 90), st.integers(1, 90)),
    min_size=1,
    max_size=8,
)


@given(BOXES)
def test_a_view_of_a_row_shows_all_of_it(boxes: list[tuple[int, int, int, int]]) -> None:
    row = view_row(boxes)
    assert row.is_quadrilateral
    assert row.straighten(np.zeros((600, 600, 3), np.uint8)).shape == (*row.size[::-1], 3)
    for left, top, width, height in boxes:
        assert row.holds((left, top, width, height))
        assert row.touches((left, top, width, height))
    left, top, width, height = row.box_in_image((0, 0, *row.size))
    assert left <= min(box[0] for box in boxes)
    assert top <= min(box[1] for box in boxes)
    assert left + width >= max(box[0] + box[2] for box in boxes)
    assert top + height >= max(box[1] + box[3] for box in boxes)


@given(st.floats(-30, 30), st.integers(3, 8))
def test_a_view_of_a_row_is_level(degrees: float, count: int) -> None:
    slope = np.tan(np.radians(degrees))
    row = view_row([(60 * i, round(400 + 60 * i * slope), 30, 40) for i in range(count)])
    assert abs(np.degrees(np.arctan2(row.view[1, 0], row.view[0, 0])) - degrees) < 2


def test_a_box_is_on_a_surface_wholly_or_with_its_middle() -> None:
    row = view_row([(100, 100, 50, 50)])
    assert row.holds((110, 110, 30, 30))
    assert not row.holds((180, 110, 30, 30))
    assert row.holds_middle((180, 110, 30, 30))
    assert not row.holds_middle((195, 110, 30, 30))


@given(BOXES)
def test_the_angle_of_any_boxes_is_that_of_one_row_or_zero(
    boxes: list[tuple[int, int, int, int]],
) -> None:
    assert abs(row_angle(boxes)) <= np.pi / 2
    assert row_angle(boxes[:2]) == 0


def test_two_lines_are_no_turned_row() -> None:
    assert row_angle([(0, 0, 30, 40), (60, 0, 30, 40), (60, 90, 30, 40)]) == 0
