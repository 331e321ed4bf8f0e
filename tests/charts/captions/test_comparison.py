"""Captions of the charts that compare models."""

from __future__ import annotations

import numpy as np

from mnist_core.charts.captions.comparison import (
    describe_accuracy_intervals,
    describe_difference_intervals,
)
from mnist_core.evaluation.comparison import compare
from mnist_core.evaluation.metrics import Evaluation, evaluate_probabilities

LABELS = np.arange(500) % 10


def evaluation(errors: int) -> Evaluation:
    predicted = LABELS.copy()
    predicted[:errors] = (predicted[:errors] + 1) % 10
    return evaluate_probabilities(np.eye(10, dtype=np.float32)[predicted], LABELS)


def test_intervals_overlap_or_not() -> None:
    good, similar, poor = evaluation(2), evaluation(3), evaluation(200)
    assert describe_accuracy_intervals({"poor": poor, "good": good}).result == (
        "good is the most accurate, with 99.60%; its interval is above that of poor."
    )
    assert "overlaps that of similar" in (
        describe_accuracy_intervals({"good": good, "similar": similar, "poor": poor}).result
    )
    assert describe_accuracy_intervals({"good": good}).result == (
        "good is the most accurate, with 99.60%."
    )
    pairs = {"good − similar": compare(good, similar), "good − poor": compare(good, poor)}
    assert describe_difference_intervals(pairs).result == (
        "Significant, in percentage points: good − poor (+39.60)."
    )
    del pairs["good − poor"]
    assert describe_difference_intervals(pairs).result == "No difference is significant."
