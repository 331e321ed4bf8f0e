"""Captions of the charts of one model's predictions: the numbers are the evaluation's."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_core.charts.captions.evaluation import (
    describe_class_bars,
    describe_confidence_bars,
    describe_confusion_matrix,
    describe_coverage,
    describe_coverage_of_several,
    describe_precision_recall,
    describe_probabilities,
    describe_probabilities_of_several,
    describe_reliability,
    describe_roc,
)
from mnist_core.evaluation.calibration import confidence_histogram, reliability, risk_coverage
from mnist_core.evaluation.curves import operating_points, precision_recall, roc
from mnist_core.evaluation.metrics import Evaluation, evaluate_probabilities


def evaluation(*predictions: tuple[int, int, float]) -> Evaluation:
    """Of (label, prediction, confidence)."""
    labels, predicted, confidences = (np.array(column) for column in zip(*predictions, strict=True))
    rows = np.repeat(((1 - confidences) / 9)[:, np.newaxis], 10, axis=1).astype(np.float32)
    rows[np.arange(len(labels)), predicted] = confidences
    return evaluate_probabilities(rows, labels)


PERFECT = evaluation(*((digit, digit, 1.0) for digit in range(10)))
# Two 4s are read as 9, one of them confidently, and a 7 as 1.
POOR = evaluation(
    *((digit, digit, 0.99) for digit in range(10)), (4, 9, 0.95), (4, 9, 0.5), (7, 1, 0.6)
)


def test_confusion_matrix() -> None:
    assert describe_confusion_matrix(PERFECT).result == "All 10 predictions are correct."
    caption = describe_confusion_matrix(POOR, rates=True)
    assert caption.result == "The most frequent of the 3 errors: 4 read as 9, 2 times."
    assert "shares of the true digit" in caption.reading
    assert "shares" not in describe_confusion_matrix(POOR).reading


def test_class_bars() -> None:
    assert describe_class_bars(PERFECT).result == "F1 is 100.00% for each digit that occurs."
    assert describe_class_bars(POOR).result.startswith(
        "F1 is lowest for 4 (50.00%) and highest for 0"
    )


def test_roc_and_precision_recall_with_operating_points() -> None:
    points = operating_points(POOR, 0.9)
    shown = describe_roc(roc(POOR), points).result
    # Of 13 digits, 10 are found; of the 117 other decisions one is wrong.
    assert "From 90.0% on (diamonds), 76.92% of the digits are found" in shown
    assert f"{1 / 117:.4%} of the other decisions are false alarms" in shown
    assert (
        "recall is 76.92% and precision 90.91%"
        in describe_precision_recall(precision_recall(POOR), points).result
    )
    nothing = operating_points(POOR, 1.0)
    assert (
        "precision undefined" in describe_precision_recall(precision_recall(POOR), nothing).result
    )
    one = evaluation((7, 1, 0.9))
    assert describe_roc(roc(one)).result.startswith("Micro-average AUC: ")


def test_confidence_bars() -> None:
    assert describe_confidence_bars(confidence_histogram(PERFECT)).result == (
        "At least 90% confidence have 100.0% of the correct predictions."
    )
    assert describe_confidence_bars(confidence_histogram(POOR)).result == (
        "At least 90% confidence have 100.0% of the correct predictions and 1 of 3 errors."
    )


@pytest.mark.parametrize(
    ("shown", "kind"),
    [
        (PERFECT, "neither over- nor underconfident"),
        (POOR, "overconfident"),
        (evaluation((1, 1, 0.6), (2, 2, 0.7)), "underconfident"),
    ],
)
def test_reliability(shown: Evaluation, kind: str) -> None:
    result = describe_reliability(reliability(shown)).result
    assert f"on average the model is {kind};" in result
    assert f"accuracy {shown.accuracy:.2%}" in result
    assert f"Mean confidence is {shown.confidences.mean():.2%}" in result


def test_coverage() -> None:
    curve = risk_coverage(POOR)
    assert describe_coverage(curve.at(0.9)).result == (
        "If only predictions of at least 90.0% are answered (diamond), 84.6% are, and 90.91% of "
        "these correctly."
    )
    assert describe_coverage(curve.at(1.0)).result == "No image reaches 100.0%."
    several = describe_coverage_of_several({"poor": curve, "good": risk_coverage(PERFECT)})
    assert several.result == "The area above the curve is smallest for good (AURC 0.000000)."


def test_probabilities() -> None:
    row = POOR.probabilities[10]
    assert describe_probabilities(row).result.startswith("9 has 95.0%, then comes ")


def test_probabilities_of_several() -> None:
    assert describe_probabilities_of_several(POOR.probabilities[10:11]) == describe_probabilities(
        POOR.probabilities[10]
    )
    result = describe_probabilities_of_several(POOR.probabilities[[0, 11, 10]]).result
    assert result.startswith("The least certain is place 2: 9 has 50.0%, then comes ")
