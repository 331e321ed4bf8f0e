"""Digits of photographs are refused where the paper is uneven and much else looks like ink."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_core.inference.reading import Digit
from mnist_core.inference.surroundings import refuse_unwritten

CREASE = (0, 0, 90, 10)


def digit(label: int, unevenness: float, *, is_digit: bool = True, left: int = 0) -> Digit:
    probabilities = np.full(10, 0.0, np.float32)
    probabilities[label] = 1
    return Digit(
        label=label,
        confidence=1.0,
        probabilities=probabilities,
        box=(left, 20, 12, 30),
        frame=np.zeros((28, 28), np.uint8),
        digit_score=1.0,
        is_digit=is_digit,
        unevenness=unevenness,
    )


@pytest.mark.parametrize(
    ("label", "unevenness", "creases", "is_digit"),
    [
        pytest.param(5, 0.0, 9, True, id="drawing full of other marks"),
        pytest.param(5, 0.1, 9, True, id="even sheet among many things"),
        pytest.param(5, 0.9, 0, True, id="newsprint, nothing else"),
        pytest.param(5, 0.9, 1, False, id="uneven, among other marks"),
        pytest.param(5, 3.0, 0, False, id="very uneven"),
        pytest.param(1, 0.4, 0, True, id="1 on paper"),
        pytest.param(1, 0.9, 0, False, id="uneven 1 is an edge"),
        pytest.param(5, np.inf, 0, False, id="no background at all"),
    ],
)
def test_doubt_is_unevenness_times_clutter(
    label: int, unevenness: float, creases: int, is_digit: bool
) -> None:
    (result,) = refuse_unwritten([digit(label, unevenness)], [CREASE] * creases)
    assert result.is_digit == is_digit


@pytest.mark.parametrize(("certainty", "is_digit"), [(1.0, True), (0.95, True), (0.7, False)])
def test_an_uncertain_digit_needs_more_even_paper(certainty: float, is_digit: bool) -> None:
    nine = replace(digit(9, 0.5, left=0), confidence=certainty)
    assert refuse_unwritten([nine], [], (100, 100))[0].is_digit == is_digit
    assert refuse_unwritten([replace(nine, unevenness=0.0)], [], (100, 100))[0].is_digit


def test_refused_marks_are_clutter() -> None:
    refused = [digit(8, 0.8, is_digit=False, left=20 * place) for place in range(1, 5)]
    assert not any(d.is_digit for d in refuse_unwritten([digit(5, 0.8), *refused], []))
    assert refuse_unwritten([digit(5, 0.8)], [])[0].is_digit


@pytest.mark.parametrize(
    ("left", "unevenness", "is_digit"),
    [
        pytest.param(0, 0.7, False, id="a head"),
        pytest.param(0, 0.4, True, id="a digit in a tight crop"),
        pytest.param(9, 0.7, True, id="clear of the border"),
    ],
)
def test_what_the_border_cuts_is_doubted_sooner(
    left: int, unevenness: float, is_digit: bool
) -> None:
    cut = digit(9, unevenness, left=left)
    assert refuse_unwritten([cut], [], (100, 100))[0].is_digit == is_digit
    assert refuse_unwritten([cut], [])[0].is_digit  # a part of a picture


def test_no_digits_is_no_error() -> None:
    assert refuse_unwritten([], [CREASE]) == []


@given(
    unevenness=st.lists(st.floats(0, allow_nan=False), min_size=1, max_size=5),
    creases=st.integers(0, 5),
    more=st.integers(0, 5),
)
def test_more_clutter_never_makes_a_digit(unevenness: list[float], creases: int, more: int) -> None:
    digits = [digit(place, value) for place, value in enumerate(unevenness)]
    few = refuse_unwritten(digits, [CREASE] * creases)
    many = refuse_unwritten(digits, [CREASE] * (creases + more))
    assert all(a.is_digit >= b.is_digit for a, b in zip(few, many, strict=True))
    assert [d.label for d in few] == list(range(len(digits)))
