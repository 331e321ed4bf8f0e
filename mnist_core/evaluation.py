"""How good a model is, as data: numbers in, dataclasses out, no drawing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_core.errors import InvalidImageError
from mnist_core.inference import CLASSES, Recognizer

__all__ = ["Evaluation", "evaluate", "evaluate_probabilities", "wilson_interval"]


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
    """

    labels: NDArray[np.integer]
    probabilities: NDArray[np.float32]
    accuracy: float
    interval: tuple[float, float]
    confusion: NDArray[np.int64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]


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
    digits = np.arange(CLASSES)
    answers = probabilities.argmax(axis=1)
    right = int((answers == labels).sum())
    precision, recall, f1, _ = precision_recall_fscore_support(
        labels, answers, labels=digits, zero_division=0
    )
    return Evaluation(
        labels=labels,
        probabilities=probabilities,
        accuracy=right / len(labels),
        interval=wilson_interval(right, len(labels)),
        confusion=confusion_matrix(labels, answers, labels=digits),
        precision=precision,
        recall=recall,
        f1=f1,
    )
