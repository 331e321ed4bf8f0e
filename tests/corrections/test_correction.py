"""The values of a correction."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from mnist_core.corrections.correction import SOURCES, Correction
from mnist_core.data import NOT_A_DIGIT
from mnist_core.errors import MnistError
from mnist_core.training import losses

FRAME = np.full((28, 28), 200, np.uint8)


def test_correction_needs_only_a_frame_and_a_label() -> None:
    correction = Correction(frame=FRAME, label=0)
    assert (correction.guess, correction.confidence, correction.id) == (None, None, None)
    assert datetime.fromisoformat(correction.created).utcoffset() is not None


@pytest.mark.parametrize("label", [*range(10), NOT_A_DIGIT])
@pytest.mark.parametrize("source", SOURCES)
def test_correction_takes_every_label_and_source(label: int, source: str) -> None:
    correction = Correction(frame=FRAME, label=label, guess=label, confidence=1.0, source=source)
    assert (correction.label, correction.source) == (label, source)


def test_not_a_digit_is_the_label_that_networks_learn() -> None:
    assert losses.NOT_A_DIGIT == NOT_A_DIGIT


@pytest.mark.parametrize(
    "wrong",
    [
        {"frame": np.zeros((0, 28, 28), np.uint8)},
        {"frame": np.zeros((28, 28), np.uint8)},
        {"frame": np.ones((28, 27), np.uint8)},
        {"frame": np.ones((1, 28, 28), np.uint8)},
        {"frame": np.ones((28, 28), np.float32)},
        {"frame": None},
        {"label": -1},
        {"label": 11},
        {"label": 3.0},
        {"label": "3"},
        {"label": True},
        {"label": None},
        {"guess": -1},
        {"guess": 11},
        {"confidence": -0.1},
        {"confidence": 1.1},
        {"confidence": float("nan")},
        {"confidence": "sure"},
        {"source": ""},
        {"source": "telepathy"},
    ],
)
def test_correction_explains_invalid_values(wrong: dict[str, object]) -> None:
    with pytest.raises(MnistError, match="Received"):
        Correction(**{"frame": FRAME, "label": 3} | wrong)  # type: ignore[arg-type]
