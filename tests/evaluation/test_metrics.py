"""Metrics, against scikit-learn and cases that can be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    precision_score,
    recall_score,
    top_k_accuracy_score,
)
from sklearn.metrics import classification_report as sklearn_report

from mnist_core import Dataset, InvalidImageError, Recognizer, evaluate
from mnist_core.evaluation.metrics import (
    classification_report,
    evaluate_probabilities,
    wilson_interval,
)


def certain(*digits: int) -> np.ndarray:
    """Probabilities of 1 for these digits."""
    return np.eye(10, dtype=np.float32)[list(digits)]


@pytest.mark.parametrize(
    ("correct", "total", "low", "high"),
    [(0, 10, 0, 0.27753), (10, 10, 0.72247, 1), (50, 100, 0.40383, 0.59617), (1, 1, 0.20654, 1)],
)
def test_wilson_interval(correct: int, total: int, low: float, high: float) -> None:
    assert wilson_interval(correct, total) == pytest.approx((low, high), abs=1e-5)


def test_evaluate_probabilities_all_correct() -> None:
    result = evaluate_probabilities(certain(*range(10)), np.arange(10))
    assert result.accuracy == 1
    assert (result.confusion == np.eye(10)).all()
    for values in (result.precision, result.recall, result.f1):
        assert (values == 1).all()


def test_evaluate_probabilities_all_incorrect() -> None:
    result = evaluate_probabilities(certain(*range(1, 10), 0), np.arange(10))
    assert result.accuracy == 0
    assert result.interval[0] == 0
    assert (result.confusion == np.roll(np.eye(10), 1, axis=1)).all()
    assert (result.f1 == 0).all()


def test_evaluate_probabilities_of_one_image() -> None:
    result = evaluate_probabilities(certain(7), np.array([7]))
    assert result.accuracy == 1
    assert result.interval[1] == 1
    assert result.interval[0] < 0.5
    assert result.confusion.sum() == result.confusion[7, 7] == 1


def test_precision_and_recall_of_digits_that_never_occur_are_0() -> None:
    result = evaluate_probabilities(certain(1, 1, 2), np.array([1, 3, 2]))
    assert result.recall[3] == result.precision[3] == 0
    assert result.precision[1] == 0.5
    assert result.recall[1] == 1
    assert result.recall[9] == 0


def test_evaluate_agrees_with_scikit_learn(recognizer: Recognizer, dataset: Dataset) -> None:
    images, labels = dataset.x_test[:2000], dataset.y_test[:2000]
    result = evaluate(recognizer, images, labels)
    predicted = recognizer.classify(images).argmax(axis=1)
    assert result.accuracy == (predicted == labels).mean()
    assert result.precision == pytest.approx(precision_score(labels, predicted, average=None))
    assert result.recall == pytest.approx(recall_score(labels, predicted, average=None))
    assert result.f1 == pytest.approx(f1_score(labels, predicted, average=None))
    assert result.confusion.sum(axis=1).tolist() == np.bincount(labels).tolist()


@pytest.mark.parametrize(
    "labels",
    [
        np.array([], int),
        np.array([1]),
        np.array([1, 2, 3]),
        np.array([1, 10]),
        np.array([-1, 1]),
        np.array([1.0, 2.0]),
        np.array([[1, 2]]),
        np.array(["1", "2"]),
    ],
)
def test_evaluate_probabilities_rejects_labels(labels: np.ndarray) -> None:
    with pytest.raises(InvalidImageError, match="Received: 2 images"):
        evaluate_probabilities(certain(1, 2), labels)


@pytest.mark.parametrize(
    "images",
    [np.zeros((1, 28, 28)), np.zeros((28, 28), np.uint8), np.zeros((1, 27, 28), np.uint8)],
)
def test_evaluate_rejects_images_that_are_not_frames(
    recognizer: Recognizer, images: np.ndarray
) -> None:
    with pytest.raises(InvalidImageError, match="Received: shape"):
        evaluate(recognizer, images, np.array([1]))


def test_evaluate_probabilities_rejects_an_empty_set() -> None:
    with pytest.raises(InvalidImageError, match="at least one"):
        evaluate_probabilities(np.zeros((0, 10), np.float32), np.array([], int))


@pytest.mark.parametrize(
    "probabilities",
    [
        np.zeros(2),
        np.zeros((2, 5)),
        np.zeros((2, 10, 1)),
        np.full((2, 10), np.nan),
        np.zeros((2, 10)),
        np.full((2, 10), 10.0),
        np.array([[2, -1, 0, 0, 0, 0, 0, 0, 0, 0]] * 2, float),
    ],
)
def test_evaluate_probabilities_rejects_invalid_probabilities(probabilities: np.ndarray) -> None:
    with pytest.raises(InvalidImageError, match="Received"):
        evaluate_probabilities(probabilities, np.array([1, 2]))


def test_predicted_digit_of_a_tie_is_the_lowest() -> None:
    result = evaluate_probabilities(np.full((3, 10), 0.1, np.float32), np.array([0, 1, 2]))
    assert result.predicted.tolist() == [0, 0, 0]
    assert result.accuracy == pytest.approx(1 / 3)
    assert result.top2_accuracy == pytest.approx(2 / 3)


def test_hardest_sorts_by_the_probability_of_the_true_digit() -> None:
    probabilities = np.full((4, 10), 0.0, np.float32)
    for row, share in enumerate((0.9, 0.2, 0.6, 0.2)):
        probabilities[row, 3], probabilities[row, 5] = share, 1 - share
    result = evaluate_probabilities(probabilities, np.full(4, 3))
    assert result.hardest.tolist() == [1, 3, 2, 0]
    assert result.errors.tolist() == [1, 3]
    assert result.correct.tolist() == [True, False, True, False]
    assert result.confidences == pytest.approx([0.9, 0.8, 0.6, 0.8])


def test_errors_of_a_perfect_model_are_empty() -> None:
    assert evaluate_probabilities(certain(7), np.array([7])).errors.tolist() == []


def test_classification_report_agrees_with_scikit_learn(
    recognizer: Recognizer, dataset: Dataset
) -> None:
    images, labels = dataset.x_test[:2000], dataset.y_test[:2000]
    result = evaluate(recognizer, images, labels)
    expected = sklearn_report(labels, result.predicted, output_dict=True)
    rows = classification_report(result)
    assert [row.name for row in rows[:10]] == [str(digit) for digit in range(10)]
    for row in rows:
        theirs = expected[row.name.replace("average", "avg")]
        ours = (row.precision, row.recall, row.f1, row.support)
        names = ("precision", "recall", "f1-score", "support")
        assert ours == pytest.approx([theirs[name] for name in names])
    for row in rows[:10]:
        digit = int(row.name)
        assert row.accuracy == pytest.approx(
            accuracy_score(labels == digit, result.predicted == digit)
        )
    assert result.top2_accuracy == top_k_accuracy_score(
        labels, result.probabilities, k=2, labels=np.arange(10)
    )


def test_macro_average_is_over_the_digits_that_occur() -> None:
    rows = classification_report(evaluate_probabilities(certain(1, 1, 2), np.array([1, 2, 2])))
    macro, weighted = rows[10:]
    assert (macro.name, macro.support) == ("macro average", 3)
    assert macro.recall == pytest.approx((1 + 0.5) / 2)
    assert macro.precision == pytest.approx((0.5 + 1) / 2)
    assert weighted.recall == pytest.approx((1 * 1 + 2 * 0.5) / 3)
