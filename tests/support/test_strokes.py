"""Accuracy on pen strokes of 30 writers."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from support.strokes import DEVELOPMENT_STROKES, Stroke, drawn_digit, load_development_strokes

from mnist_core import Recognizer, list_models, load_recognizer
from mnist_core.preprocessing.extraction import extract_digits

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not DEVELOPMENT_STROKES.exists(),
        reason="needs the development strokes",
    ),
]


@pytest.fixture(scope="module")
def strokes() -> tuple[list[list[Stroke]], np.ndarray]:
    return load_development_strokes()


def test_accuracy_on_the_development_strokes(
    strokes: tuple[list[list[Stroke]], np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    digits, labels = strokes
    detected, plain = [], []
    for digit in digits:
        canvas = drawn_digit(digit)
        detected.append(extract_digits(canvas).digits)
        plain.append(cv2.resize(canvas, (28, 28), interpolation=cv2.INTER_AREA))
    single = np.array([len(some) == 1 for some in detected])
    frames = np.stack([some[0].frame for some in detected if len(some) == 1])
    accuracy = {}
    lines = [f"{len(labels):,} digits drawn; exactly one digit found in {single.mean():.2%}"]
    for card in list_models():
        recognizer = load_recognizer(card.name)
        correct = (recognizer.classify(frames).argmax(1) == labels[single]).sum() / len(labels)
        resized = (recognizer.classify(np.stack(plain)).argmax(1) == labels).mean()
        accuracy[card.name] = correct
        lines.append(f"{card.name}: {correct:.2%} correct; plain resize: {resized:.2%}")
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    assert single.mean() >= 0.995
    assert accuracy["cnn"] >= 0.955
    assert accuracy["mlp"] >= 0.91


@pytest.mark.parametrize(
    ("change", "agreement"),
    [
        (lambda digit: drawn_digit(digit, size=84, side=54, brush=5.4), 0.97),
        (lambda digit: drawn_digit(digit, size=560, side=360, brush=36), 0.99),
        (lambda digit: np.roll(drawn_digit(digit, size=400), (50, -40), (0, 1)), 1),
        (lambda digit: 255 - drawn_digit(digit), 1),
        (lambda digit: drawn_digit(digit) // 3 + 60, 1),
    ],
    ids=["x0.3", "x2", "moved", "inverted", "grey on grey"],
)
def test_reading_is_invariant_to_size_position_and_polarity(
    recognizer: Recognizer, strokes: tuple[list[list[Stroke]], np.ndarray], change, agreement: float
) -> None:
    def readings(draw) -> list[list[int]]:
        return [
            [digit.label for digit in recognizer.read(draw(digit))] for digit in strokes[0][::25]
        ]

    pairs = zip(readings(drawn_digit), readings(change), strict=True)
    assert np.mean([before == after for before, after in pairs]) >= agreement
