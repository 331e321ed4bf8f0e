"""Calibration, against scikit-learn and cases that can be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from mnist_core import Dataset, Recognizer, evaluate
from mnist_core.evaluation.calibration import (
    cheapest_threshold,
    confidence_histogram,
    reliability,
    risk_coverage,
)
from mnist_core.evaluation.metrics import Evaluation, evaluate_probabilities, wilson_interval


def evaluation_of(*predictions: tuple[float, bool]) -> Evaluation:
    """Predictions of the digit 3, each with its confidence, correct or not."""
    confidences, correct = (np.array(column) for column in zip(*predictions, strict=True))
    rows = np.tile((1 - confidences[:, np.newaxis]) / 9, 10).astype(np.float32)
    rows[:, 3] = confidences
    return evaluate_probabilities(rows, np.where(correct, 3, 4))


def test_reliability_of_a_certain_correct_prediction_is_perfect() -> None:
    result = reliability(evaluation_of((1.0, True)))
    assert (result.ece, result.brier) == (0, 0)
    assert result.counts.tolist() == [0] * 14 + [1]
    assert np.isnan(result.accuracy[:14]).all()
    assert result.accuracy[14] == result.confidence[14] == 1
    assert result.intervals[14] == pytest.approx(wilson_interval(1, 1))


def test_reliability_of_certain_errors_is_the_worst() -> None:
    result = reliability(evaluation_of((1.0, False), (1.0, False)))
    assert (result.ece, result.brier) == (1, 2)


def test_reliability_of_equal_confidences() -> None:
    result = reliability(evaluation_of(*[(0.6, True)] * 3, *[(0.6, False)] * 2))
    assert result.ece == pytest.approx(0, abs=1e-6)
    assert result.counts.sum() == result.counts.max() == 5
    result = reliability(evaluation_of(*[(0.9, True)] * 1, *[(0.9, False)] * 3))
    assert result.ece == pytest.approx(0.65, abs=1e-6)


def test_ece_is_the_weighted_mean_distance_of_the_bins() -> None:
    result = reliability(
        evaluation_of((0.95, True), (0.95, False), (0.5, True), (0.5, True)), bins=2
    )
    # A confidence at an edge belongs to the lower bin.
    assert result.counts.tolist() == [2, 2]
    assert result.ece == pytest.approx((2 * 0.45 + 2 * 0.5) / 4, abs=1e-6)


def test_reliability_agrees_with_scikit_learn(recognizer: Recognizer, dataset: Dataset) -> None:
    evaluation = evaluate(recognizer, dataset.x_test[:2000], dataset.y_test[:2000])
    result = reliability(evaluation)
    accuracy, confidence = calibration_curve(evaluation.correct, evaluation.confidences, n_bins=15)
    filled = result.counts > 0
    assert result.accuracy[filled] == pytest.approx(accuracy)
    assert result.confidence[filled] == pytest.approx(confidence)
    squares = (evaluation.probabilities - np.eye(10)[evaluation.labels]) ** 2
    assert result.brier == pytest.approx(squares.sum(axis=1).mean())


def test_confidence_histogram_separates_correct_and_incorrect() -> None:
    result = confidence_histogram(
        evaluation_of((1.0, True), (0.97, True), (0.96, False), (0.2, False))
    )
    assert len(result.edges) == 21
    assert result.correct.tolist() == [0] * 19 + [2]
    assert result.incorrect[19] == 1
    assert result.incorrect.sum() == 2


def test_risk_coverage_by_hand() -> None:
    curve = risk_coverage(evaluation_of((0.9, True), (0.8, False), (0.8, True), (0.3, False)))
    assert curve.thresholds == pytest.approx([0.9, 0.8, 0.3])
    assert curve.answered.tolist() == [1, 3, 4]
    assert curve.errors.tolist() == [0, 1, 2]
    assert curve.coverage.tolist() == [0.25, 0.75, 1]
    assert curve.risk == pytest.approx([0, 1 / 3, 1 / 2])
    # Predictions of equal confidence count with their common risk.
    assert curve.aurc == pytest.approx((0 + 1 / 3 + 1 / 3 + 1 / 2) / 4)


@pytest.mark.parametrize(
    ("threshold", "answered", "errors"),
    [(0, 4, 2), (0.3, 4, 2), (0.31, 3, 1), (0.8, 3, 1), (0.81, 1, 0), (0.9, 1, 0), (0.91, 0, 0)],
)
def test_at_selects_by_threshold(threshold: float, answered: int, errors: int) -> None:
    curve = risk_coverage(evaluation_of((0.9, True), (0.8, False), (0.8, True), (0.3, False)))
    selection = curve.at(threshold)
    assert (selection.answered, selection.errors, selection.total) == (answered, errors, 4)
    assert selection.coverage == answered / 4
    if answered:
        assert selection.accuracy == 1 - errors / answered
        assert selection.interval == wilson_interval(answered - errors, answered)
    else:
        assert selection.accuracy is None
        assert selection.interval is None


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_at_rejects_thresholds_out_of_range(threshold: float) -> None:
    with pytest.raises(ValueError, match="Received"):
        risk_coverage(evaluation_of((0.9, True))).at(threshold)


def test_risk_coverage_of_the_best_and_the_worst_case() -> None:
    assert risk_coverage(evaluation_of((0.9, True), (0.7, True))).aurc == 0
    assert risk_coverage(evaluation_of((0.9, False), (0.7, False))).aurc == 1


@given(st.lists(st.tuples(st.integers(12, 100), st.booleans()), min_size=1, max_size=60))
def test_calibration_invariants(predictions: list[tuple[int, bool]]) -> None:
    evaluation = evaluation_of(*((percent / 100, correct) for percent, correct in predictions))
    curve, bins = risk_coverage(evaluation), reliability(evaluation)
    assert curve.answered[-1] == bins.counts.sum() == len(predictions)
    assert curve.errors[-1] == len(evaluation.errors)
    assert (np.diff(curve.thresholds) < 0).all()
    assert (np.diff(curve.answered) > 0).all()
    assert 0 <= curve.aurc <= 1
    assert 0 <= bins.ece <= 1
    histogram = confidence_histogram(evaluation)
    assert histogram.incorrect.sum() == len(evaluation.errors)
    assert histogram.correct.sum() == evaluation.correct.sum()
    # Without ties AURC is the mean risk of the most confident one, two, three ...
    if len(curve.thresholds) == len(predictions):
        order = np.argsort(-evaluation.confidences)
        risks = np.cumsum(~evaluation.correct[order]) / np.arange(1, len(order) + 1)
        assert curve.aurc == pytest.approx(risks.mean())


@pytest.mark.parametrize(
    ("digits", "non_digits", "cost", "expected"),
    [
        ([[0.7, 0.9]], [[0.1, 0.3]], 1, 0.7),
        # A digit below is given up for two non-digits, if it costs less than they do …
        ([[0.2, 0.9, 0.9]], [[0.1, 0.4, 0.5]], 1, 0.9),
        # … and is not if it costs more.
        ([[0.2, 0.9, 0.9]], [[0.1, 0.4, 0.5]], 3, 0.2),
        # Collections count alike, however large they are: a half and a hundredth of the non-digits
        # reach 0.2, which together is a quarter.
        ([[0.2, *[0.9] * 4]], [[0.1, 0.5], [0.1] * 99 + [0.5]], 1, 0.9),
        ([[0.2, *[0.9] * 4]], [[0.1, 0.5], [0.1] * 99 + [0.5]], 2, 0.2),
    ],
)
def test_cheapest_threshold(
    digits: list[list[float]], non_digits: list[list[float]], cost: float, expected: float
) -> None:
    threshold = cheapest_threshold(
        [np.array(scores) for scores in digits], [np.array(scores) for scores in non_digits], cost
    )
    assert threshold == expected
