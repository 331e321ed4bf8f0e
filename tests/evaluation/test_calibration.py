"""Reliability, confidences and coverage, against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from mnist_core import Dataset, Recognizer, evaluate
from mnist_core.evaluation.calibration import confidence_histogram, reliability, risk_coverage
from mnist_core.evaluation.metrics import Evaluation, evaluate_probabilities, wilson_interval


def sure(*answers: tuple[int, float]) -> np.ndarray:
    """(n, 10): a digit with its confidence, the rest spread evenly over the nine others."""
    rows = np.empty((len(answers), 10), np.float32)
    for row, (digit, confidence) in zip(rows, answers, strict=True):
        row[:] = (1 - confidence) / 9
        row[digit] = confidence
    return rows


def of(*confidences: tuple[float, bool]) -> Evaluation:
    """Answers of these confidences, right or wrong."""
    labels = np.array([3 if right else 4 for _, right in confidences])
    return evaluate_probabilities(sure(*((3, c) for c, _ in confidences)), labels)


def test_one_certain_right_answer_is_perfect() -> None:
    result = reliability(of((1.0, True)))
    assert (result.ece, result.brier) == (0, 0)
    assert result.counts.tolist() == [0] * 14 + [1]
    assert np.isnan(result.accuracy[:14]).all()
    assert result.accuracy[14] == result.confidence[14] == 1
    assert result.intervals[14] == pytest.approx(wilson_interval(1, 1))


def test_certain_wrong_answers_are_the_worst() -> None:
    result = reliability(of((1.0, False), (1.0, False)))
    assert (result.ece, result.brier) == (1, 2)


def test_all_of_one_confidence() -> None:
    result = reliability(of(*[(0.6, True)] * 3, *[(0.6, False)] * 2))
    assert result.ece == pytest.approx(0, abs=1e-6)
    assert result.counts.sum() == result.counts.max() == 5
    result = reliability(of(*[(0.9, True)] * 1, *[(0.9, False)] * 3))
    assert result.ece == pytest.approx(0.65, abs=1e-6)


def test_the_error_is_the_mean_gap_of_the_bins_weighted() -> None:
    result = reliability(of((0.95, True), (0.95, False), (0.5, True), (0.5, True)), bins=2)
    # At an edge a confidence belongs to the lower bin.
    assert result.counts.tolist() == [2, 2]
    assert result.ece == pytest.approx((2 * 0.45 + 2 * 0.5) / 4, abs=1e-6)


def test_it_agrees_with_scikit_learn(recognizer: Recognizer, dataset: Dataset) -> None:
    evaluation = evaluate(recognizer, dataset.x_test[:2000], dataset.y_test[:2000])
    result = reliability(evaluation)
    accuracy, confidence = calibration_curve(evaluation.correct, evaluation.confidences, n_bins=15)
    filled = result.counts > 0
    assert result.accuracy[filled] == pytest.approx(accuracy)
    assert result.confidence[filled] == pytest.approx(confidence)
    squares = (evaluation.probabilities - np.eye(10)[evaluation.labels]) ** 2
    assert result.brier == pytest.approx(squares.sum(axis=1).mean())


def test_confidences_are_counted_apart() -> None:
    result = confidence_histogram(of((1.0, True), (0.97, True), (0.96, False), (0.2, False)))
    assert len(result.edges) == 21
    assert result.correct.tolist() == [0] * 19 + [2]
    assert result.incorrect[19] == 1
    assert result.incorrect.sum() == 2


def test_coverage_by_hand() -> None:
    curve = risk_coverage(of((0.9, True), (0.8, False), (0.8, True), (0.3, False)))
    assert curve.thresholds == pytest.approx([0.9, 0.8, 0.3])
    assert curve.answered.tolist() == [1, 3, 4]
    assert curve.errors.tolist() == [0, 1, 2]
    assert curve.coverage.tolist() == [0.25, 0.75, 1]
    assert curve.risk == pytest.approx([0, 1 / 3, 1 / 2])
    # The two of one confidence count with the risk of both.
    assert curve.aurc == pytest.approx((0 + 1 / 3 + 1 / 3 + 1 / 2) / 4)


@pytest.mark.parametrize(
    ("threshold", "answered", "wrong"),
    [(0, 4, 2), (0.3, 4, 2), (0.31, 3, 1), (0.8, 3, 1), (0.81, 1, 0), (0.9, 1, 0), (0.91, 0, 0)],
)
def test_a_threshold_selects(threshold: float, answered: int, wrong: int) -> None:
    curve = risk_coverage(of((0.9, True), (0.8, False), (0.8, True), (0.3, False)))
    selection = curve.at(threshold)
    assert (selection.answered, selection.errors, selection.total) == (answered, wrong, 4)
    assert selection.coverage == answered / 4
    if answered:
        assert selection.accuracy == 1 - wrong / answered
        assert selection.interval == wilson_interval(answered - wrong, answered)
    else:
        assert selection.accuracy is None
        assert selection.interval is None


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_a_threshold_is_a_share(threshold: float) -> None:
    with pytest.raises(ValueError, match="Received"):
        risk_coverage(of((0.9, True))).at(threshold)


def test_perfect_and_worst_coverage() -> None:
    assert risk_coverage(of((0.9, True), (0.7, True))).aurc == 0
    assert risk_coverage(of((0.9, False), (0.7, False))).aurc == 1


@given(st.lists(st.tuples(st.integers(12, 100), st.booleans()), min_size=1, max_size=60))
def test_what_is_always_so(given_answers: list[tuple[int, bool]]) -> None:
    evaluation = of(*((percent / 100, right) for percent, right in given_answers))
    curve, bins = risk_coverage(evaluation), reliability(evaluation)
    assert curve.answered[-1] == bins.counts.sum() == len(given_answers)
    assert curve.errors[-1] == len(evaluation.errors)
    assert (np.diff(curve.thresholds) < 0).all()
    assert (np.diff(curve.answered) > 0).all()
    assert 0 <= curve.aurc <= 1
    assert 0 <= bins.ece <= 1
    histogram = confidence_histogram(evaluation)
    assert histogram.incorrect.sum() == len(evaluation.errors)
    assert histogram.correct.sum() == evaluation.correct.sum()
    # Without ties the area is the mean of the risks of the surest one, two, three ...
    if len(curve.thresholds) == len(given_answers):
        order = np.argsort(-evaluation.confidences)
        risks = np.cumsum(~evaluation.correct[order]) / np.arange(1, len(order) + 1)
        assert curve.aurc == pytest.approx(risks.mean())
