"""Digits that touch, and second opinions on doubtful ones."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from support.own_strokes import OWN_STROKES
from support.strokes import draw_strokes, place_strokes

from mnist_core import Recognizer, load_mnist, load_recognizer
from mnist_core.inference.reading import Digit
from mnist_core.inference.strings import Symbol, load_string_reader
from mnist_core.inference.touching import split_touching
from mnist_core.preprocessing.framing import FramedDigit


@cache
def _recognizer() -> Recognizer:
    return load_recognizer("champion")


def _text(image: np.ndarray) -> str:
    return "".join(digit.text for digit in _recognizer().read(image))


def _number(digits: str, *, step: float, pen: float = 11) -> np.ndarray:
    """Our own strokes, each 100 px high and `step` px beside the one before."""
    strokes = [
        stroke
        for place, digit in enumerate(digits)
        for stroke in place_strokes(
            OWN_STROKES[int(digit)], side=100, center=(90 + place * step, 110)
        )
    ]
    width = round(180 + step * (len(digits) - 1))
    return draw_strokes(strokes, width=width, height=220, brush=pen)


def _pieces(image: np.ndarray) -> int:
    return cv2.connectedComponents((image >= 48).astype(np.uint8))[0] - 1


# Ten numbers in one piece, and the distance of their digits at which they are.
_TOUCHING = {
    "1000": 66, "35": 54, "28": 60, "96": 58, "203": 62,
    "600": 60, "88": 58, "503": 56, "2009": 64, "30": 58,
}  # fmt: skip


@pytest.mark.parametrize(("number", "step"), _TOUCHING.items())
def test_number_in_one_piece_is_read(number: str, step: float) -> None:
    image = _number(number, step=step)
    assert _pieces(image) < len(number)
    assert _text(image) == number


def test_digit_alone_is_no_piece() -> None:
    assert [digit.is_piece for digit in _recognizer().read(_number("3", step=60))] == [False]


def test_boxes_and_frames_of_cut_digits_are_those_of_their_ink() -> None:
    image = _number("203", step=62)
    digits = _recognizer().read(image)
    lefts = [digit.box[0] for digit in digits]
    assert lefts == sorted(lefts)
    for digit, center in zip(digits, (90, 152, 214), strict=True):
        left, top, width, height = digit.box
        assert left < center < left + width
        assert 90 <= height <= 125
        assert 50 <= top <= 70
        assert digit.frame.shape == (28, 28)
        assert digit.frame.max() == 255
        assert digit.is_piece
        assert digit.probabilities.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("shift", [-2, 0, 3])
@pytest.mark.parametrize("scale", [0.5, 1.0, 1.7])
def test_moving_and_scaling_a_touching_number_changes_nothing(shift: int, scale: float) -> None:
    image = np.pad(_number("1000", step=66), 10)
    image = np.roll(image, shift, axis=(0, 1))
    image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    assert _text(image) == "1000"
    assert _text(255 - image) == "1000"


def test_single_digits_are_not_split() -> None:
    test = load_mnist().test
    texts = [_text(image) for image in test.images[:200]]
    assert sum(len(text) > 1 for text in texts) == 0


def test_string_network_is_not_loaded_for_certain_digits() -> None:
    def fail() -> None:
        pytest.fail("loaded")

    digit = _digit(7, 0.999, score=1.0)
    assert split_touching([_found(20, 30)], [digit], fail, lambda found: []) == [digit]


@pytest.mark.parametrize("found", [(30, 20), (20, 30)])
def test_without_a_string_network_nothing_changes(found: tuple[int, int]) -> None:
    digit = _digit(7, 0.5, score=0.1)
    assert split_touching([_found(*found)], [digit], lambda: None, lambda _: []) == [digit]


class _Reader:
    """A string network that reads the same in all ink."""

    def __init__(self, *symbols: tuple[int, float, float]) -> None:
        self.symbols = [
            Symbol(
                label=label, column=column, probabilities=_peaked(label, 0.99), digit_score=score
            )
            for label, column, score in symbols
        ]

    def read(self, ink: np.ndarray) -> Sequence[Symbol]:
        return self.symbols


def test_refusal_stands_unless_both_networks_take_it_for_the_same_digit() -> None:
    doubtful = _digit(7, 0.8, score=0.6)
    for symbol, expected in (((7, 10, 1.0), "7"), ((1, 10, 1.0), "?"), ((7, 10, 0.7), "?")):
        (digit,) = split_touching([_found(20, 30)], [doubtful], lambda s=symbol: _Reader(s), list)  # type: ignore[arg-type,return-value,misc]
        assert digit.text == expected


def test_refusal_without_doubt_stands() -> None:
    doubtful = _digit(7, 0.8, score=0.1)
    (digit,) = split_touching([_found(20, 30)], [doubtful], lambda: _Reader((7, 10, 1.0)), list)  # type: ignore[arg-type,return-value]
    assert digit.text == "?"


def _peaked(label: int, share: float) -> np.ndarray:
    probabilities = np.full(10, (1 - share) / 9, np.float32)
    probabilities[label % 10] = share
    return probabilities


def _digit(label: int, confidence: float, *, score: float) -> Digit:
    return Digit(
        label=label,
        confidence=confidence,
        probabilities=_peaked(label, confidence),
        box=(0, 0, 20, 30),
        frame=np.zeros((28, 28), np.uint8),
        digit_score=score,
        is_digit=score >= 0.98,
    )


def _found(width: int, height: int) -> FramedDigit:
    ink = np.full((height, width), 255, np.uint8)
    return FramedDigit(box=(0, 0, width, height), frame=np.zeros((28, 28), np.uint8), ink=ink)


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(
        np.uint8, st.tuples(st.integers(1, 50), st.integers(1, 90)), elements=st.integers(0, 255)
    )
)
def test_string_network_reads_any_ink(ink: np.ndarray) -> None:
    reader = load_string_reader()
    assert reader is not None
    for symbol in reader.read(ink):
        assert 0 <= symbol.column <= ink.shape[1] - 1
        assert 0 <= symbol.digit_score <= 1
        assert 0 <= symbol.label <= 10
        assert symbol.probabilities.sum() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("apart", [-4, 0])
def test_digits_that_touch_across_lines_of_writing_are_read_in_their_lines(apart: int) -> None:
    strokes = [
        stroke
        for row, digits in enumerate(("402", "388"))
        for place, digit in enumerate(digits)
        for stroke in place_strokes(
            OWN_STROKES[int(digit)],
            side=100,
            # In the middle, the upper digit touches the lower one.
            center=(90 + 110 * place, 80 + row * (140 if place != 1 else 110 + apart)),
        )
    ]
    assert _text(draw_strokes(strokes, width=400, height=300, brush=11)) == "402388"
