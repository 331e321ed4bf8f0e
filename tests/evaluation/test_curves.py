"""ROC and precision-recall curves, against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from mnist_core import Dataset, Recognizer, evaluate
from mnist_core.evaluation.calibration import risk_coverage
from mnist_core.evaluation.curves import MICRO, operating_points, precision_recall, roc
from mnist_core.evaluation.metrics import Evaluation, evaluate_probabilities


def certain(*digits: int) -> np.ndarray:
    """Probabilities of 1 for these digits."""
    return np.eye(10, dtype=np.float32)[list(digits)]


@pytest.fixture(scope="module")
def evaluation(recognizer: Recognizer, dataset: Dataset) -> Evaluation:
    return evaluate(recognizer, dataset.x_test[:2000], dataset.y_test[:2000])


def test_curves_of_perfect_predictions_have_area_1() -> None:
    result = evaluate_probabilities(certain(*range(10)), np.arange(10))
    curves, recalls = roc(result), precision_recall(result)
    assert [curve.name for curve in curves.curves] == [str(digit) for digit in range(10)]
    assert {curve.auc for curve in (*curves.curves, curves.micro)} == {1}
    assert curves.macro_auc == recalls.macro_average == 1
    assert {c.average_precision for c in (*recalls.curves, recalls.micro)} == {1}


def test_roc_of_the_worst_predictions_has_area_0() -> None:
    result = evaluate_probabilities(certain(1, 0), np.array([0, 1]))
    assert [curve.auc for curve in roc(result).curves] == [0, 0]


def test_roc_of_uninformative_predictions_has_area_one_half() -> None:
    result = evaluate_probabilities(np.full((20, 10), 0.1, np.float32), np.arange(20) % 10)
    assert roc(result).macro_auc == roc(result).micro.auc == 0.5
    assert precision_recall(result).macro_average == pytest.approx(0.1)


def test_curves_of_one_image() -> None:
    result = evaluate_probabilities(certain(7), np.array([7]))
    assert roc(result).curves == ()
    assert roc(result).macro_auc is None
    assert roc(result).micro.auc == 1
    assert [curve.name for curve in precision_recall(result).curves] == ["7"]


def test_curves_leave_out_digits_that_do_not_occur() -> None:
    result = evaluate_probabilities(certain(0, 1, 2), np.array([0, 1, 1]))
    assert [curve.name for curve in roc(result).curves] == ["0", "1"]
    assert [curve.name for curve in precision_recall(result).curves] == ["0", "1"]


def test_curves_agree_with_scikit_learn(evaluation: Evaluation) -> None:
    truths = np.eye(10)[evaluation.labels]
    scores = evaluation.probabilities
    curves, recalls = roc(evaluation), precision_recall(evaluation)
    assert curves.macro_auc == pytest.approx(roc_auc_score(truths, scores, average="macro"))
    assert curves.micro.auc == pytest.approx(roc_auc_score(truths, scores, average="micro"))
    assert [curve.auc for curve in curves.curves] == pytest.approx(
        roc_auc_score(truths, scores, average=None)
    )
    assert recalls.micro.average_precision == pytest.approx(
        average_precision_score(truths, scores, average="micro")
    )
    assert [curve.average_precision for curve in recalls.curves] == pytest.approx(
        average_precision_score(truths, scores, average=None)
    )


def test_curve_points_are_the_rates_at_their_thresholds(evaluation: Evaluation) -> None:
    curve = roc(evaluation).curves[4]
    place = len(curve.thresholds) // 2
    positive = evaluation.probabilities[:, 4] >= curve.thresholds[place]
    fours = evaluation.labels == 4
    assert curve.true_positive_rate[place] == pytest.approx(positive[fours].mean())
    assert curve.false_positive_rate[place] == pytest.approx(positive[~fours].mean())
    recalls = precision_recall(evaluation).curves[4]
    positive = evaluation.probabilities[:, 4] >= recalls.thresholds[-5]
    assert recalls.recall[-6] == pytest.approx(positive[fours].mean())
    assert recalls.precision[-6] == pytest.approx(fours[positive].mean())


def test_micro_curves_are_named_micro(evaluation: Evaluation) -> None:
    assert roc(evaluation).micro.name == precision_recall(evaluation).micro.name == MICRO


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.9, 0.999, 1.0])
def test_operating_points_are_on_the_curves(threshold: float) -> None:
    generator = np.random.default_rng(5)
    scores = generator.dirichlet(np.full(10, 0.2), 400).astype(np.float32)
    labels = np.where(
        generator.random(400) < 0.8, scores.argmax(axis=1), generator.integers(0, 10, 400)
    )
    evaluation = evaluate_probabilities(scores, labels)
    points = operating_points(evaluation, threshold)
    curves = roc(evaluation)
    assert [point.name for point in points] == [
        *(curve.name for curve in curves.curves), MICRO,
    ]  # fmt: skip
    for point, curve in zip(points, (*curves.curves, curves.micro), strict=True):
        # scikit-learn leaves out points on straight segments.
        expected = np.interp(
            point.false_positive_rate, curve.false_positive_rate, curve.true_positive_rate
        )
        assert point.true_positive_rate <= expected + 1e-9
        reached = curve.thresholds >= threshold
        assert point.true_positive_rate >= curve.true_positive_rate[reached].max()
    if threshold > 0.5:
        # The same as answering only when the confidence reaches it.
        selection = risk_coverage(evaluation).at(threshold)
        micro = points[-1]
        right = selection.answered - selection.errors
        assert micro.true_positive_rate == pytest.approx(right / 400)
        assert micro.precision == (
            pytest.approx(right / selection.answered) if selection.answered else None
        )


def test_operating_points_refuse_other_thresholds() -> None:
    evaluation = evaluate_probabilities(np.full((1, 10), 0.1, np.float32), np.array([1]))
    for threshold in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="Received"):
            operating_points(evaluation, threshold)
