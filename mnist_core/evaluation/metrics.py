"""How good a model is, as data: numbers in, dataclasses out, no drawing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import CLASSES
from mnist_core.errors import InvalidImageError
from mnist_core.inference.recognizer import Recognizer

__all__ = [
    "Evaluation",
    "ReportRow",
    "classification_report",
    "evaluate",
    "evaluate_probabilities",
    "wilson_interval",
]

# How far the sum of ten float32 probabilities may be from 1.
_SUM_TOLERANCE = 1e-3


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation:
    """A model's answers on labelled images, and what they are worth.

    Attributes:
        labels: (n,) the true digits.
        probabilities: (n, 10) float32.
        accuracy: share of right answers, 0 to 1.
        interval: its 95 % Wilson interval.
        confusion: (10, 10) counts; rows are true digits, columns the answers.
        precision: (10,) per digit, 0 to 1; 0 where the digit was never answered.
        recall: (10,) per digit, 0 to 1; 0 where the digit does not occur.
        f1: (10,) per digit, 0 to 1.
        class_accuracy: (10,) per digit, 0 to 1: the share of all images rightly told to be this
            digit or not to be it.
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
    def answers(self) -> NDArray[np.int64]:
        """(n,) the most probable digits."""
        return self.probabilities.argmax(axis=1)

    @cached_property
    def confidences(self) -> NDArray[np.float32]:
        """(n,) the probabilities of the answers, 0 to 1."""
        confidences: NDArray[np.float32] = self.probabilities.max(axis=1)
        return confidences

    @cached_property
    def right(self) -> NDArray[np.bool_]:
        """(n,) is the answer the true digit?"""
        right: NDArray[np.bool_] = self.answers == self.labels
        return right

    @cached_property
    def hardest(self) -> NDArray[np.int64]:
        """(n,) indices of the images, the one whose true digit was given the least first."""
        truth = self.probabilities[np.arange(len(self.labels)), self.labels]
        return np.argsort(truth, kind="stable")

    @cached_property
    def errors(self) -> NDArray[np.int64]:
        """Indices of the images that were read wrongly, the worst first."""
        errors: NDArray[np.int64] = self.hardest[~self.right[self.hardest]]
        return errors

    @cached_property
    def support(self) -> NDArray[np.int64]:
        """(10,) how many images there are of each digit."""
        support: NDArray[np.int64] = self.confusion.sum(axis=1)
        return support


@dataclass(frozen=True, kw_only=True)
class ReportRow:
    """A line of the classification report; shares are 0 to 1.

    Attributes:
        name: a digit, or what the mean is over.
        precision: share of these answers that are right.
        recall: share of these images that are answered so.
        f1: harmonic mean of the two.
        accuracy: share of all images rightly told to be this digit or not.
        images: how many there are.
    """

    name: str
    precision: float
    recall: float
    f1: float
    accuracy: float
    images: int


def wilson_interval(right: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share (E. B. Wilson, JASA 22, 1927), 0 to 1."""
    from scipy.stats import binomtest

    interval = binomtest(right, total).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def evaluate(
    recognizer: Recognizer, images: NDArray[np.uint8], labels: NDArray[np.integer]
) -> Evaluation:
    """Score a model on labelled frames.

    Args:
        recognizer: the model.
        images: (n, 28, 28) uint8, white ink on black, n >= 1.
        labels: (n,) integers 0 to 9.

    Raises:
        InvalidImageError: the images are no frames, or the labels do not fit them.
    """
    return evaluate_probabilities(recognizer.classify(images), labels)


def evaluate_probabilities(
    probabilities: NDArray[np.float32], labels: NDArray[np.integer]
) -> Evaluation:
    """Score answers that were made already.

    Args:
        probabilities: (n, 10), n >= 1.
        labels: (n,) integers 0 to 9.

    Raises:
        InvalidImageError: the probabilities are none, or the labels do not fit them.
    """
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    labels = np.asarray(labels)
    if probabilities.ndim != 2 or probabilities.shape[1] != CLASSES:
        raise InvalidImageError(
            "Probabilities are ten for each image, of shape (n, 10). Pass what 'classify' gave. "
            f"Received: shape {probabilities.shape}"
        )
    if not np.isfinite(probabilities).all():
        raise InvalidImageError(
            "Probabilities are numbers from 0 to 1. Train the model again. Received: "
            f"{int((~np.isfinite(probabilities)).sum())} values that are no numbers"
        )
    if (
        labels.ndim != 1
        or not len(labels)
        or len(labels) != len(probabilities)
        or not np.issubdtype(labels.dtype, np.integer)
        or labels.min() < 0
        or labels.max() >= CLASSES
    ):
        raise InvalidImageError(
            "Labels are digits 0 to 9, one for each image, at least one. Received: "
            f"{len(probabilities)} images, labels of shape {labels.shape}, dtype {labels.dtype}"
        )
    low, high, sums = probabilities.min(), probabilities.max(), probabilities.sum(axis=1)
    if low < 0 or high > 1 or abs(sums - 1).max() > _SUM_TOLERANCE:
        raise InvalidImageError(
            "The ten probabilities of an image are 0 to 1 and sum to 1. Pass what 'classify' gave. "
            f"Received: values from {low:g} to {high:g}, sums from {sums.min():g} to "
            f"{sums.max():g}"
        )
    digits = np.arange(CLASSES)
    answers = probabilities.argmax(axis=1)
    right = int((answers == labels).sum())
    total = len(labels)
    confusion = confusion_matrix(labels, answers, labels=digits)
    precision, recall, f1, _ = precision_recall_fscore_support(
        labels, answers, labels=digits, zero_division=0
    )
    taken_wrongly = confusion.sum(axis=0) + confusion.sum(axis=1) - 2 * confusion.diagonal()
    # Of equal probabilities the lower digit comes first, as it does in `argmax`; scikit-learn's
    # `top_k_accuracy_score` takes the higher one, and could fall below the accuracy.
    two = np.argsort(-probabilities, axis=1, kind="stable")[:, :2]
    return Evaluation(
        labels=labels,
        probabilities=probabilities,
        accuracy=right / total,
        interval=wilson_interval(right, total),
        confusion=confusion,
        precision=precision,
        recall=recall,
        f1=f1,
        class_accuracy=1 - taken_wrongly / total,
        top2_accuracy=float((two == labels[:, np.newaxis]).any(axis=1).mean()),
    )


def classification_report(evaluation: Evaluation) -> list[ReportRow]:
    """A line for each digit, and the means over them.

    "macro average" is the plain mean over the digits that occur, "weighted average" the mean over
    the images.
    """
    table = np.stack(
        [evaluation.precision, evaluation.recall, evaluation.f1, evaluation.class_accuracy]
    )
    support = evaluation.support
    columns = [
        *((str(digit), table[:, digit], support[digit]) for digit in range(CLASSES)),
        ("macro average", table[:, support > 0].mean(axis=1), support.sum()),
        ("weighted average", table @ support / support.sum(), support.sum()),
    ]
    return [
        ReportRow(
            name=name,
            precision=float(values[0]),
            recall=float(values[1]),
            f1=float(values[2]),
            accuracy=float(values[3]),
            images=int(images),
        )
        for name, values, images in columns
    ]
