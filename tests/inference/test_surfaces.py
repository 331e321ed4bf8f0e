"""What is read on a surface competes with what was read on it and around it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mnist_core.inference.reading import Digit, Mark, Reading
from mnist_core.inference.surfaces import best_on_surfaces, move_to_image
from mnist_core.preprocessing.surface import Surface, view_row

SIZE = (640, 480)
# From (150, 150) to (450, 350).
CARD = view_row([(250, 250, 100, 0), (150, 150, 300, 0), (150, 350, 300, 0)])


def digit(label: int, *box: int, certainty: float = 1.0, is_digit: bool = True) -> Digit:
    return Digit(
        label=label,
        confidence=1.0,
        probabilities=np.eye(10, dtype=np.float32)[label],
        box=(box[0], box[1], box[2], box[3]),
        frame=np.zeros((28, 28), np.uint8),
        digit_score=certainty,
        is_digit=is_digit,
    )


def reading(*digits: Digit) -> Reading:
    return Reading(digits=list(digits), size=SIZE)


def best(before: Reading, *on: Reading, surface: Surface = CARD) -> str:
    return best_on_surfaces(before, [(surface, one) for one in on]).text


SEVEN, EIGHT = digit(7, 200, 220, 40, 60), digit(8, 260, 220, 40, 60)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ((), "78"),
        # Refused around it, also across its edge.
        ((digit(0, 10, 10, 90, 90, is_digit=False),), "78"),
        # The last digit crosses the edge that was found.
        ((SEVEN, digit(8, 420, 220, 50, 60, certainty=0.9)), "78"),
        # Its own edge was taken for a mark.
        ((digit(0, 100, 100, 400, 300, is_digit=False),), "78"),
        # As certain, but less was read.
        ((digit(1, 200, 220, 16, 26),), "78"),
        # A number around it is not lost.
        ((digit(5, 20, 20, 90, 120), digit(6, 500, 20, 90, 120)), "56"),
        # Its edge cut digits off.
        ((SEVEN, EIGHT, digit(3, 320, 220, 60, 90)), "783"),
    ],
)
def test_a_surface_wins_if_more_is_read_or_it_is_more_certain(
    before: tuple[Digit, ...], expected: str
) -> None:
    assert best(reading(*before), reading(SEVEN, EIGHT)) == expected


def test_a_large_digit_that_fills_a_surface_is_not_its_edge() -> None:
    large = reading(digit(4, 100, 100, 400, 300))
    assert best(large, reading(digit(1, 180, 200, 20, 90))) == "4"


def test_the_hole_of_a_digit_is_no_surface_that_it_is_on() -> None:
    refused = [digit(2, x, 130, 120, 240, is_digit=False) for x in (10, 500)]
    word = reading(refused[0], digit(0, 140, 140, 320, 220), refused[1])
    hole = reading(digit(1, 200, 220, 16, 26, is_digit=False))
    assert best(word, hole) == "?0?"


def test_a_bare_stroke_is_no_match_for_a_number() -> None:
    pen = reading(digit(1, 300, 160, 70, 190))
    assert best(reading(), pen) == "1"
    assert best(reading(), reading(SEVEN, EIGHT), pen) == "78"
    assert best(reading(), pen, reading(SEVEN, EIGHT)) == "78"


def test_a_one_on_a_sheet_that_the_border_cuts_must_be_alone() -> None:
    sheet = replace(CARD, fill=np.full((6, 8), 200, np.uint8))
    one = reading(digit(1, 300, 200, 20, 60))
    ground = digit(0, 10, 10, 90, 90, is_digit=False)
    before = reading(digit(1, 300, 200, 20, 60), ground)
    assert best(before, one, surface=sheet) == "1"
    assert best(reading(ground), one, surface=sheet) == "?"  # a finger
    beside = replace(one, left_out=[Mark(box=(200, 200, 30, 9), reason="speck")])
    assert best(before, beside, surface=sheet) == "1?"


def test_an_empty_surface_wins_if_nothing_was_read_on_it() -> None:
    assert best(reading(digit(3, 500, 20, 40, 60, is_digit=False)), reading()) == ""
    assert best(reading(SEVEN), reading()) == "7"


def test_the_more_certain_reading_wins_not_the_larger_one() -> None:
    cup = reading(digit(7, 150, 150, 200, 200, certainty=0.5))
    refused = reading(SEVEN, EIGHT, digit(0, 330, 160, 90, 180, certainty=0.1, is_digit=False))
    turned = reading(
        digit(2, 190, 200, 70, 90, certainty=0.7), digit(1, 250, 200, 70, 90, certainty=0.9)
    )
    halved = reading(
        *(digit(1, left, 220, 20, 50, certainty=0.9) for left in (200, 220, 262, 282)),
        digit(7, 290, 220, 20, 50, certainty=0.5),
    )
    for other in (cup, refused, turned, halved):
        assert best(reading(), other, reading(SEVEN, EIGHT)) == "78"
        assert best(reading(), reading(SEVEN, EIGHT), other) == "78"


def test_what_is_more_likely_no_digit_is_not_read_where_nothing_was() -> None:
    assert best(reading(), reading(digit(7, 150, 150, 200, 200, certainty=0.4))) == ""
    doubtful = digit(7, 200, 220, 40, 60, certainty=0.3)
    assert best(reading(doubtful), reading(digit(7, 200, 220, 40, 60, certainty=0.4))) == "7"


def test_the_edge_of_a_card_is_no_one_beside_its_digits() -> None:
    edge = digit(1, 445, 200, 20, 90)
    assert best(reading(SEVEN, EIGHT, edge), reading(SEVEN, EIGHT)) == "78"
    beyond = digit(1, 470, 215, 20, 70)
    assert best(reading(SEVEN, EIGHT, beyond), reading(SEVEN, EIGHT)) == "781"


def test_boxes_are_moved_to_the_image() -> None:
    moved = move_to_image(reading(digit(7, 10, 10, 40, 60)), CARD)
    left, top = CARD.outline.min(axis=0)
    assert moved.digits[0].box == pytest.approx((left + 10, top + 10, 40, 60), abs=2)


def test_an_empty_surface_does_not_hide_a_one_on_even_paper() -> None:
    paper = replace(digit(1, 20, 40, 20, 90), unevenness=0.03)
    assert best(reading(paper), reading()) == "1"
    edge = replace(paper, unevenness=0.5)
    assert best(reading(edge), reading()) == ""


def test_a_surface_makes_no_non_digit_of_digits() -> None:
    larger = digit(8, 200, 180, 120, 160), digit(0, 180, 160, 30, 30, is_digit=False)
    assert best(reading(SEVEN, EIGHT), reading(*larger)) == "78"
