"""ROC and precision-recall curves, against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from mnist_core import Dataset, Recognizer, evaluate
from mnist_core.evaluation.curves import MICRO, precision_recall, roc
from mnist_core.evaluation.metrics import Evaluation, evaluate_probabilities


def answers(*digits: int) -> np.ndarray:
    return np.eye(10, dtype=np.float32)[list(digits)]


@pytest.fixture(scope="module")
def evaluation(recognizer: Recognizer, dataset: Dataset) -> Evaluation:
    return evaluate(recognizer, dataset.x_test[:2000], dataset.y_test[:2000])


def test_perfect_answers_have_whole_areas() -> None:
    result = evaluate_probabilities(answers(*range(10)), np.arange(10))
    curves, recalls = roc(result), precision_recall(result)
    assert [curve.name for curve in curves.curves] == [str(digit) for digit in range(10)]
    assert {curve.auc for curve in (*curves.curves, curves.micro)} == {1}
    assert curves.macro_auc == recalls.macro_average == 1
    assert {c.average_precision for c in (*recalls.curves, recalls.micro)} == {1}


def test_the_worst_answers_have_none() -> None:
    result = evaluate_probabilities(answers(1, 0), np.array([0, 1]))
    assert [curve.auc for curve in roc(result).curves] == [0, 0]


def test_answers_that_tell_nothing_have_half_an_area() -> None:
    result = evaluate_probabilities(np.full((20, 10), 0.1, np.float32), np.arange(20) % 10)
    assert roc(result).macro_auc == roc(result).micro.auc == 0.5
    assert precision_recall(result).macro_average == pytest.approx(0.1)


def test_one_image_has_no_roc_of_a_digit() -> None:
    result = evaluate_probabilities(answers(7), np.array([7]))
    assert roc(result).curves == ()
    assert roc(result).macro_auc is None
    assert roc(result).micro.auc == 1
    assert [curve.name for curve in precision_recall(result).curves] == ["7"]


def test_a_digit_that_does_not_occur_has_no_curve() -> None:
    result = evaluate_probabilities(answers(0, 1, 2), np.array([0, 1, 1]))
    assert [curve.name for curve in roc(result).curves] == ["0", "1"]
    assert [curve.name for curve in precision_recall(result).curves] == ["0", "1"]


def test_areas_agree_with_scikit_learn(evaluation: Evaluation) -> None:
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


def test_a_point_is_what_its_threshold_makes_of_the_images(evaluation: Evaluation) -> None:
    curve = roc(evaluation).curves[4]
    place = len(curve.thresholds) // 2
    taken = evaluation.probabilities[:, 4] >= curve.thresholds[place]
    fours = evaluation.labels == 4
    assert curve.true_positive_rate[place] == pytest.approx(taken[fours].mean())
    assert curve.false_positive_rate[place] == pytest.approx(taken[~fours].mean())
    recalls = precision_recall(evaluation).curves[4]
    taken = evaluation.probabilities[:, 4] >= recalls.thresholds[-5]
    assert recalls.recall[-6] == pytest.approx(taken[fours].mean())
    assert recalls.precision[-6] == pytest.approx(fours[taken].mean())


def test_the_curve_of_all_is_called_so(evaluation: Evaluation) -> None:
    assert roc(evaluation).micro.name == precision_recall(evaluation).micro.name == MICRO
