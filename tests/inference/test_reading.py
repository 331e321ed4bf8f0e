"""Digits and readings as values: their texts, tags and remarks."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from mnist_core import Digit, Reading


def make_digit(probabilities: list[float], *, is_digit: bool = True) -> Digit:
    return Digit(
        label=int(np.argmax(probabilities)),
        confidence=max(probabilities),
        probabilities=np.array(probabilities, np.float32),
        box=(0, 0, 28, 28),
        frame=np.zeros((28, 28), np.uint8),
        digit_score=float(is_digit),
        is_digit=is_digit,
    )


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [([0.7, 0, 0, 0.3, 0, 0, 0, 0, 0, 0], 3), ([0.1, 0, 0, 0, 0, 0, 0, 0, 0.4, 0.5], 8)],
)
def test_runner_up_is_the_second_most_probable(probabilities: list[float], expected: int) -> None:
    assert make_digit(probabilities).runner_up == expected


@pytest.mark.parametrize(
    ("label", "is_digit", "text", "guess"),
    [
        (0, True, "0", "looks most like a 0, 62.5%"),
        (8, True, "8", "looks most like an 8, 62.5%"),
        (3, False, "?", "looks most like a 3, 62.5%"),
        (8, False, "?", "looks most like an 8, 62.5%"),
    ],
)
def test_text_of_a_non_digit_is_a_question_mark(
    label: int, is_digit: bool, text: str, guess: str
) -> None:
    probabilities = [0.375 / 9] * 10
    probabilities[label] = 0.625
    digit = make_digit(probabilities, is_digit=is_digit)
    assert (digit.text, digit.guess) == (text, guess)


@pytest.mark.parametrize(
    ("is_digit", "is_unusual", "text", "tag", "remark"),
    [
        (True, False, "3", "3", ""),
        (True, True, "3", "3*", "written in a way I seldom see"),
        (False, True, "?", "?", ""),
    ],
)
def test_remark_is_on_unusual_digits_only(
    is_digit: bool, is_unusual: bool, text: str, tag: str, remark: str
) -> None:
    digit = make_digit([0, 0, 0, 1, 0, 0, 0, 0, 0, 0], is_digit=is_digit)
    digit = dataclasses.replace(digit, is_unusual=is_unusual)
    assert (digit.text, digit.tag, digit.remark) == (text, tag, remark)
    assert digit.as_json()["is_unusual"] is bool(remark)


def test_reading_tells_which_digits_are_unusual() -> None:
    seven = make_digit([0, 0, 0, 0, 0, 0, 0, 1, 0, 0])
    one = dataclasses.replace(make_digit([0, 1, 0, 0, 0, 0, 0, 0, 0, 0]), is_unusual=True)
    remark = "written in a way I seldom see"
    for digits, expected in (
        ([], ""),
        ([seven], ""),
        ([one], f"1, {remark}"),
        ([seven, one], f"71*, *{remark}"),
    ):
        assert Reading(digits=digits, size=(9, 9)).remark == expected
