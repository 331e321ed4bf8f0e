"""Digits judged by their neighbors: words, numbers, marks at the border, textures."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from support.words import HANDS, WORDS, write_word

from mnist_core import Recognizer, load_recognizer
from mnist_core.inference.context import judge_in_context
from mnist_core.inference.reading import Digit, Reading

THRESHOLD = 0.98


@cache
def _recognizer() -> Recognizer:
    return load_recognizer("champion")


def _digit(score: float, x: int, *, label: int = 4, height: int = 100, y: int = 50) -> Digit:
    return Digit(
        label=label,
        confidence=0.99,
        probabilities=np.full(10, 0.1, np.float32),
        box=(x, y, 60, height),
        frame=np.zeros((28, 28), np.uint8),
        digit_score=score,
        is_digit=score >= THRESHOLD,
    )


def _judge(*digits: Digit) -> Reading:
    reading = Reading(digits=digits, size=(2000, 400))
    return judge_in_context(reading, THRESHOLD)


def test_row_of_non_digits_with_a_likely_digit_is_a_word() -> None:
    word = _judge(
        *(_digit(score, 100 + 90 * k) for k, score in enumerate((0.01, 0.99, 0.02, 0.01)))
    )
    assert word.text == "????"


def test_one_certain_digit_makes_no_number_of_a_word() -> None:
    word = _judge(*(_digit(score, 100 + 90 * k) for k, score in enumerate((0.95, 1.0, 0.95))))
    assert word.text == "???"


@pytest.mark.parametrize("digits", [1, 2, 3])
def test_blot_among_clear_digits_costs_none_of_them(digits: int) -> None:
    marks = [_digit(0.9999999, 100 + 90 * k) for k in range(digits)]
    assert _judge(*marks, _digit(1e-6, 100 + 90 * digits)).text == "4" * digits + "?"


def test_single_mark_just_below_the_threshold_is_a_digit_among_digits() -> None:
    scores = (1.0, 1.0, 0.9, 1.0)
    assert _judge(*(_digit(score, 100 + 90 * k) for k, score in enumerate(scores))).text == "4444"


def test_digit_far_from_non_digits_stays() -> None:
    marks = [_digit(0.01, 100 + 90 * k) for k in range(3)]
    assert _judge(*marks, _digit(1.0, 1200, y=250)).text == "???4"


def test_the_same_digit_eight_times_is_a_number() -> None:
    digits = [_digit(1.0, 20 + 70 * k) for k in range(8)]
    assert _judge(*digits).text == "4" * 8


def test_a_digit_alone_among_scattered_marks_is_a_texture() -> None:
    marks = [_digit(1.0 if k == 3 else 0.01, 20 + 250 * k) for k in range(8)]
    assert _judge(*marks).text == "?" * 8


def test_many_marks_with_few_digits_are_a_texture() -> None:
    marks = [_digit(1.0 if k == 3 else 0.01, 20 + 70 * k) for k in range(25)]
    assert _judge(*marks).text == "?" * 25


def test_bar_code_is_no_number() -> None:
    assert _judge(*(_digit(1.0, 20 + 70 * k, label=1) for k in range(25))).text == "?" * 25


def test_refused_mark_at_the_border_is_reported() -> None:
    digits = [_digit(1.0, 300 + 90 * k) for k in range(3)]
    reading = _judge(_digit(0.01, 0, height=20, y=200), *digits)
    assert reading.text == "444"
    (mark,) = reading.left_out
    assert mark.reason == "border"
    assert reading.note == "One mark was left out: at the left border."


@pytest.mark.parametrize("hand", HANDS)
def test_words_are_hardly_ever_read_as_numbers(hand: str) -> None:
    random = np.random.default_rng(11)
    pictures = [255 - write_word(word, hand, random) for word in random.choice(WORDS, 10)]
    texts = [_recognizer().analyze(picture).text for picture in pictures]
    numbers = [text for text in texts if text.isdigit()]
    assert len(numbers) <= 2, texts


@pytest.mark.parametrize("word", ["come", "from", "other"])
def test_letters_beside_an_o_are_not_left_out_without_a_word(word: str) -> None:
    # The hole of the "o" looks like a card.
    random = np.random.default_rng(9)
    for _ in range(8):
        assert len(_recognizer().read(255 - write_word(word, "hershey", random))) >= 3


def test_one_among_more_non_digits_is_an_edge() -> None:
    one = _digit(1.0, 1500, label=1, y=300)
    assert _judge(_digit(0.01, 100), _digit(0.01, 900), one).text == "???"
    assert _judge(_digit(0.01, 100), one).text == "?1"


def test_refused_comma_is_left_out_with_a_word() -> None:
    comma = replace(_digit(0.001, 130, height=25, y=140), box=(130, 140, 12, 25))
    reading = _judge(_digit(0.9999, 50), comma, _digit(0.9999, 170, label=6))
    assert reading.text == "46"
    assert reading.note == "One mark was left out: after the 4."


def test_refused_mark_as_high_as_the_digits_is_shown() -> None:
    scores = (0.99999, 0.001, 0.99999, 0.99999)
    reading = _judge(*(_digit(score, 50 + 80 * place) for place, score in enumerate(scores)))
    assert (reading.text, reading.note) == ("4?44", "")


def test_plus_among_digits_is_no_letter() -> None:
    frame = np.zeros((28, 28), np.uint8)
    frame[13:15, 4:24] = frame[4:24, 13:15] = 255
    plus = replace(_digit(0.0001, 100, height=60, y=70), frame=frame)
    numbers = _digit(0.999, 0), plus, _digit(0.999, 200)
    assert _judge(*numbers).text == "4?4"
    assert _judge(numbers[0], replace(plus, frame=np.eye(28, dtype=np.uint8)), numbers[2]).text == (
        "???"
    )


@pytest.mark.parametrize("space", [60, 130])
def test_number_after_a_word_is_a_row_of_its_own(space: int) -> None:
    word = [_digit(0.001, 100 + 80 * k) for k in range(3)]
    number = [_digit(0.999, 100 + 240 + space + 80 * k) for k in range(2)]
    assert _judge(*word, *number).text == "???44" if space > 100 else "?????"


def test_number_before_a_check_mark_is_read() -> None:
    assert _judge(_digit(0.999, 100), _digit(0.999, 180), _digit(0.001, 350)).text == "44?"


def test_finger_at_the_border_of_a_photograph_is_left_out() -> None:
    finger = replace(_digit(1e-6, 1940), unevenness=0.4)
    reading = _judge(*(replace(_digit(0.999, x), unevenness=0.02) for x in (1700, 1800)), finger)
    assert reading.text == "44"
    assert reading.note == "One mark was left out: at the right border."
    # What may be a digit that the border cuts is shown, and so is a mark in a drawing.
    cut = replace(finger, digit_score=0.5)
    digits = [replace(_digit(0.9999999, x), unevenness=0.02) for x in (1700, 1800)]
    assert _judge(*digits, cut).text == "44?"
    assert _judge(*digits, replace(finger, unevenness=0.0)).text == "44?"
