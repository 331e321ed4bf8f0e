"""Classification metrics: accuracy, confusion matrix, precision, recall and F1 of each digit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import CLASSES
from mnist_core.errors import InvalidImageError
from mnist_core.inference.recognizer import Recognizer

__all__ = [
    "ClassMetrics",
    "Evaluation",
    "classification_report",
    "evaluate",
    "evaluate_probabilities",
    "wilson_interval",
]

# Largest deviation of the sum of ten float32 probabilities from 1.
_SUM_TOLERANCE = 1e-3


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation:
    """A model's predictions on labeled images, and its metrics.

    Attributes:
        labels: (n,) the true digits.
        probabilities: (n, 10) float32.
        accuracy: share of correct predictions, 0 to 1.
        interval: its 95% Wilson interval.
        confusion: (10, 10) counts; rows are true digits, columns predictions.
        precision: (10,) per digit, 0 to 1; 0 where the digit was never predicted.
        recall: (10,) per digit, 0 to 1; 0 where the digit does not occur.
        f1: (10,) per digit, 0 to 1.
        class_accuracy: (10,) accuracy of each digit against the rest, over all images, 0 to 1.
        top2_accuracy: share of images whose digit is among the two most probable, 0 to 1.
    """

    labels: NDArray[np.integer]
    probabilities: NDArray[np.float32]
    accuracy: float
    interval: tuple[float, float]
    confusion: NDArray[np.int64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]
    class_accuracy: NDArray[np.float64]
    top2_accuracy: float

    @cached_property
    def predicted(self) -> NDArray[np.int64]:
        """(n,) the most probable digits."""
        return self.probabilities.argmax(axis=1)

    @cached_property
    def confidences(self) -> NDArray[np.float32]:
        """(n,) the probabilities of the predicted digits, 0 to 1."""
        return self.probabilities.max(axis=1)

    @cached_property
    def correct(self) -> NDArray[np.bool_]:
        """(n,) True where the predicted digit is the true one."""
        return self.predicted == self.labels

    @cached_property
    def hardest(self) -> NDArray[np.int64]:
        """(n,) indices of the images, the lowest probability of the true digit first."""
        true_probabilities = self.probabilities[np.arange(len(self.labels)), self.labels]
        return np.argsort(true_probabilities, kind="stable")

    @cached_property
    def errors(self) -> NDArray[np.int64]:
        """Indices of the incorrect predictions, the worst first."""
        return self.hardest[~self.correct[self.hardest]]

    @cached_property
    def support(self) -> NDArray[np.int64]:
        """(10,) number of images of each digit."""
        return self.confusion.sum(axis=1)


class ClassMetrics(NamedTuple):
    """A row of the classification report; all shares are 0 to 1.

    Attributes:
        name: a digit, "macro average" or "weighted average".
        precision: share of correct predictions among those of this digit.
        recall: share of correct predictions among the images of this digit.
        f1: harmonic mean of the two.
        accuracy: of this digit against the rest, over all images.
        support: number of images.
    """

    name: str
    precision: float
    recall: float
    f1: float
    accuracy: float
    support: int


def wilson_interval(correct: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share (E. B. Wilson, JASA 22, 1927), 0 to 1."""
    from scipy.stats import binomtest

    interval = binomtest(correct, total).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def evaluate(
    recognizer: Recognizer, images: NDArray[np.uint8], labels: NDArray[np.integer]
) -> Evaluation:
    """Classify labeled frames and compute the metrics.

    Args:
        recognizer: the model.
        images: (n, 28, 28) uint8, white ink on black, n >= 1.
        labels: (n,) integers 0 to 9.

    Raises:
        InvalidImageError: the images are not frames, or the labels do not match them.
    """
    return evaluate_probabilities(recognizer.classify(images), labels)


def evaluate_probabilities(
    probabilities: NDArray[np.float32], labels: NDArray[np.integer]
) -> Evaluation:
    """Compute the metrics of given predictions.

    Args:
        probabilities: (n, 10), n >= 1.
        labels: (n,) integers 0 to 9.

    Raises:
        InvalidImageError: the probabilities are invalid, or the labels do not match them.
    """
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    labels = np.asarray(labels)
    _check(probabilities, labels)
    digits, total = np.arange(CLASSES), len(labels)
    predicted = probabilities.argmax(axis=1)
    correct = int((predicted == labels).sum())
    confusion = confusion_matrix(labels, predicted, labels=digits)
    precision, recall, f1, _ = precision_recall_fscore_support(
        labels, predicted, labels=digits, zero_division=0
    )
    # False positives and false negatives of each digit.
    false = confusion.sum(axis=0) + confusion.sum(axis=1) - 2 * confusion.diagonal()
    # Of equal probabilities the lower digit comes first, as it does in `argmax`; scikit-learn's
    # `top_k_accuracy_score` takes the higher one, and could fall below the accuracy.
    top2 = np.argsort(-probabilities, axis=1, kind="stable")[:, :2]
    return Evaluation(
        labels=labels,
        probabilities=probabilities,
        accuracy=correct / total,
        interval=wilson_interval(correct, total),
        confusion=confusion,
        precision=precision,
        recall=recall,
        f1=f1,
        class_accuracy=1 - false / total,
        top2_accuracy=float((top2 == labels[:, np.newaxis]).any(axis=1).mean()),
    )


def _check(probabilities: NDArray[np.float32], labels: NDArray[np.integer]) -> None:
    if probabilities.ndim != 2 or probabilities.shape[1] != CLASSES:
        raise InvalidImageError(
            "Probabilities must have the shape (n, 10). Pass the result of 'classify'. Received: "
            f"shape {probabilities.shape}"
        )
    if (
        labels.shape != (len(probabilities),)
        or not len(labels)
        or not np.issubdtype(labels.dtype, np.integer)
        or labels.min() < 0
        or labels.max() >= CLASSES
    ):
        raise InvalidImageError(
            "Labels must be digits 0 to 9, one for each image, at least one. Received: "
            f"{len(probabilities)} images, labels of shape {labels.shape}, dtype {labels.dtype}"
        )
    low, high, sums = probabilities.min(), probabilities.max(), probabilities.sum(axis=1)
    # Comparisons with NaN are False, and lead to the error.
    if not (low >= 0 and high <= 1 and abs(sums - 1).max() <= _SUM_TOLERANCE):
        raise InvalidImageError(
            "The ten probabilities of an image must be 0 to 1 and sum to 1. Pass the result of "
            "'classify'; if it contains NaN, train the model again. Received: values from "
            f"{low:g} to {high:g}, sums from {sums.min():g} to {sums.max():g}"
        )


def classification_report(evaluation: Evaluation) -> list[ClassMetrics]:
    """Metrics of the ten digits, then their averages.

    "macro average" is the mean over the digits that occur, "weighted average" the mean over the
    images.
    """
    table = np.stack(
        [evaluation.precision, evaluation.recall, evaluation.f1, evaluation.class_accuracy]
    )
    support = evaluation.support
    rows = [
        *((str(digit), table[:, digit], support[digit]) for digit in range(CLASSES)),
        ("macro average", table[:, support > 0].mean(axis=1), support.sum()),
        ("weighted average", table @ support / support.sum(), support.sum()),
    ]
    return [
        ClassMetrics._make((name, *values.tolist(), int(images))) for name, values, images in rows
    ]
