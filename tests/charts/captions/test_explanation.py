"""Captions of the images that explain one prediction."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_core.charts.captions.explanation import (
    describe_crossing,
    describe_evidence,
    describe_grad_cam,
)
from mnist_core.explanation.crossing import Crossing
from mnist_core.explanation.occlusion import Explanation, Perturbation


def _explanation(evidence: float, *, level: int) -> Explanation:
    frame = np.zeros((28, 28), np.uint8)
    frame[2, 25] = level
    values = np.full((10, 28, 28), -1, np.float32)
    values[4, 2, 25] = evidence
    probabilities = np.eye(10, dtype=np.float32)[4]
    nearest = Perturbation(kind="inked", box=(0, 0, 4, 4), frame=frame, probabilities=probabilities)
    return Explanation(frame=frame, probabilities=probabilities, evidence=values, nearest=nearest)


@pytest.mark.parametrize(
    ("evidence", "level", "result"),
    [
        (
            1.0,
            200,
            "The strongest support for 4 is the ink at the top right: without it, the odds of 4 "
            "are 10 times lower.",
        ),
        (
            3.5,
            0,
            "The strongest support for 4 is the empty paper at the top right: without it, the odds "
            "of 4 are 3,162 times lower.",
        ),
        (
            31.0,
            0,
            "The strongest support for 4 is the empty paper at the top right: without it, the odds "
            "of 4 are more than a million times lower.",
        ),
        (
            0.3,
            200,
            "The strongest support for 4 is the ink at the top right: without it, the odds of 4 "
            "are 2.0 times lower.",
        ),
        (0.0, 0, "No part alone supports 4."),
    ],
)
def test_evidence(evidence: float, level: int, result: str) -> None:
    assert describe_evidence(_explanation(evidence, level=level)).result == result


def test_grad_cam() -> None:
    heat = np.zeros((28, 28), np.float32)
    heat[14, 14] = 1
    assert describe_grad_cam({4: heat, 9: np.zeros_like(heat)}).result == (
        "It supports 4 most at the center and 9 nowhere."
    )
    other = heat / 2
    other[0, 0] = 1
    assert describe_grad_cam({4: heat, 9: other}).result == (
        "It supports 4 most at the center and 9 most at the top left; the places overlap by 25%."
    )


def test_crossing() -> None:
    frame = np.zeros((28, 28), np.uint8)
    changed = frame.copy()
    changed[3, :5] = 9
    probabilities = np.full(10, 0.04, np.float32)
    probabilities[8] = 0.64
    crossing = Crossing(original=frame, frame=changed, source=2, probabilities=probabilities)
    caption = describe_crossing(crossing, 3, is_digit=True)
    assert "those of the images labeled 8 above" in caption.reading
    assert caption.result == (
        "5 pixels of 784, taken from image 3, turn the 3 into an 8 for this network (64.0%)."
    )
    assert describe_crossing(crossing, 3, is_digit=False).result.endswith(
        "(64.0%, but refused as a non-digit)."
    )
