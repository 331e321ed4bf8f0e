"""Calibration: temperature, rejection threshold, reliability, and accuracy against coverage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import CLASSES
from mnist_core.evaluation.metrics import Evaluation, wilson_interval

__all__ = [
    "ConfidenceHistogram",
    "Reliability",
    "RiskCoverage",
    "ScoreLimits",
    "Selection",
    "cheapest_threshold",
    "confidence_histogram",
    "fit_temperature",
    "reliability",
    "risk_coverage",
]

# As in Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
_CALIBRATION_BINS = 15
_HISTOGRAM_BINS = 20


def fit_temperature(probabilities: NDArray[np.float32], labels: NDArray[np.uint8]) -> float:
    """Find the temperature with the lowest loss on validation images (Guo et al., 2017).

    Args:
        probabilities: (n, 10), at temperature 1.
        labels: (n,) 0 to 9.

    Returns:
        0.05 to 20.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    logits = np.log(np.maximum(probabilities.astype(np.float64), 1e-30))
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-scaled[rows, labels].mean())

    bounds = (np.log(0.05), np.log(20.0))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))


@dataclass(frozen=True, kw_only=True)
class ScoreLimits:
    """The limits of the digit score, 0 to 1: for a digit at all, and for an ordinary one.

    Attributes:
        digit: from this score on it is a digit.
        ordinary: from this score on it is a digit in an ordinary form.
    """

    digit: float
    ordinary: float


def cheapest_threshold(
    digits: Sequence[NDArray[np.floating]],
    non_digits: Sequence[NDArray[np.floating]],
    cost: float,
) -> float:
    """The digit score from which on images are best taken for digits.

    The threshold has the lowest sum of the mean share of the digits below it, times `cost`, and the
    mean share of the non-digits that reach it. The means are those over the collections, which
    count alike, whatever their sizes are.

    Args:
        digits: scores of one or more collections of digits, each (n,).
        non_digits: scores of one or more collections of non-digits, each (m,).
        cost: of a digit below the threshold; that of a non-digit above it is 1.
    """
    # Between two scores that occur, nothing changes: the scores themselves are all candidates.
    candidates = np.unique(np.concatenate([*digits, *non_digits]))

    def mean_share_below(collections: Sequence[NDArray[np.floating]]) -> NDArray[np.float64]:
        shares = [np.searchsorted(np.sort(c), candidates) / len(c) for c in collections]
        mean: NDArray[np.float64] = np.mean(shares, axis=0)
        return mean

    costs = cost * mean_share_below(digits) + 1 - mean_share_below(non_digits)
    return float(candidates[costs.argmin()])


@dataclass(frozen=True, kw_only=True, eq=False)
class Reliability:
    """Confidence against accuracy, in bins of equal width.

    Attributes:
        edges: (bins + 1,) of the confidence, 0 to 1; a bin contains its upper edge, not its lower.
        counts: (bins,) images in each bin.
        confidence: (bins,) their mean confidence; NaN in an empty bin.
        accuracy: (bins,) their accuracy; NaN in an empty bin.
        intervals: (bins, 2) 95% Wilson intervals of `accuracy`; NaN in an empty bin.
        ece: expected calibration error, 0 to 1: the mean distance between confidence and accuracy,
            weighted by `counts`.
        brier: G. W. Brier's score (Monthly Weather Review 78, 1950): the mean squared distance
            between the ten probabilities and the truth, 0 (perfect) to 2.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    intervals: NDArray[np.float64]
    ece: float
    brier: float


def reliability(evaluation: Evaluation, bins: int = _CALIBRATION_BINS) -> Reliability:
    """Compare confidence and accuracy in bins of equal width, at least one."""
    from sklearn.metrics import brier_score_loss

    edges = np.linspace(0, 1, bins + 1)
    confidences = evaluation.confidences.astype(np.float64)
    # scikit-learn's `calibration_curve` has the same bins, but does not return their counts.
    places = np.searchsorted(edges[1:-1], confidences)
    counts = np.bincount(places, minlength=bins)
    correct = np.bincount(places, weights=evaluation.correct, minlength=bins)
    confidence_sums = np.bincount(places, weights=confidences, minlength=bins)
    divisors = np.where(counts, counts, np.nan)
    intervals = [
        wilson_interval(round(successes), int(count)) if count else (np.nan, np.nan)
        for successes, count in zip(correct, counts, strict=True)
    ]
    return Reliability(
        edges=edges,
        counts=counts,
        confidence=confidence_sums / divisors,
        accuracy=correct / divisors,
        intervals=np.array(intervals),
        ece=float(np.abs(correct - confidence_sums).sum() / len(confidences)),
        brier=float(
            brier_score_loss(evaluation.labels, evaluation.probabilities, labels=np.arange(CLASSES))
        ),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class ConfidenceHistogram:
    """Confidence of the correct and the incorrect predictions.

    Attributes:
        edges: (bins + 1,) of the confidence, 0 to 1.
        correct: (bins,) correct predictions in each bin.
        incorrect: (bins,) incorrect ones.
    """

    edges: NDArray[np.float64]
    correct: NDArray[np.int64]
    incorrect: NDArray[np.int64]


def confidence_histogram(evaluation: Evaluation) -> ConfidenceHistogram:
    """Count correct and incorrect predictions in bins of equal width."""
    edges = np.linspace(0, 1, _HISTOGRAM_BINS + 1)
    correct, incorrect = (
        np.histogram(evaluation.confidences[mask].astype(np.float64), edges)[0]
        for mask in (evaluation.correct, ~evaluation.correct)
    )
    return ConfidenceHistogram(edges=edges, correct=correct, incorrect=incorrect)


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The images whose confidence reaches a threshold.

    Attributes:
        threshold: 0 to 1.
        answered: number of these images.
        errors: incorrect predictions among them.
        total: number of all images.
        interval: 95% Wilson interval of `accuracy`; None if no image is answered.
    """

    threshold: float
    answered: int
    errors: int
    total: int
    interval: tuple[float, float] | None

    @property
    def coverage(self) -> float:
        """Share of the images that is answered, 0 to 1."""
        return self.answered / self.total

    @property
    def accuracy(self) -> float | None:
        """Accuracy on the answered images, 0 to 1; None if there are none."""
        return 1 - self.errors / self.answered if self.answered else None


@dataclass(frozen=True, kw_only=True, eq=False)
class RiskCoverage:
    """The risk-coverage curve: error rate on the images whose confidence reaches a threshold.

    After Geifman and El-Yaniv, "Selective Classification for Deep Neural Networks", NeurIPS 2017.

    Attributes:
        thresholds: (k,) the distinct confidences, falling.
        answered: (k,) number of images that reach each of them, rising to all images.
        errors: (k,) incorrect predictions among them.
        aurc: area under the curve, the mean risk over all coverages, 0 to 1; lower is better. Each
            image counts with the risk at its own confidence.
    """

    thresholds: NDArray[np.float32]
    answered: NDArray[np.int64]
    errors: NDArray[np.int64]
    aurc: float

    @property
    def coverage(self) -> NDArray[np.float64]:
        """(k,) share of the images that is answered, 0 to 1."""
        return self.answered / self.answered[-1]

    @property
    def risk(self) -> NDArray[np.float64]:
        """(k,) error rate on the answered images, 0 to 1."""
        return self.errors / self.answered

    def at(self, threshold: float) -> Selection:
        """Select the images whose confidence reaches a threshold.

        Raises:
            ValueError: the threshold is not 0 to 1.
        """
        if not 0 <= threshold <= 1:
            raise ValueError(f"A threshold must be from 0 to 1. Received: {threshold!r}")
        count = int(np.searchsorted(-self.thresholds, -np.float32(threshold), side="right"))
        answered, errors = (
            (int(self.answered[count - 1]), int(self.errors[count - 1])) if count else (0, 0)
        )
        return Selection(
            threshold=threshold,
            answered=answered,
            errors=errors,
            total=int(self.answered[-1]),
            interval=wilson_interval(answered - errors, answered) if answered else None,
        )


def risk_coverage(evaluation: Evaluation) -> RiskCoverage:
    """Compute the risk-coverage curve over all confidences that occur."""
    # The confidences rise here; the images that reach one of them are those from it to the end.
    thresholds, inverse, counts = np.unique(
        evaluation.confidences, return_inverse=True, return_counts=True
    )
    errors = np.bincount(inverse, weights=~evaluation.correct, minlength=len(counts))
    counts = counts[::-1]
    answered = counts.cumsum()
    cumulated_errors = np.rint(errors[::-1]).astype(np.int64).cumsum()
    return RiskCoverage(
        thresholds=thresholds[::-1],
        answered=answered,
        errors=cumulated_errors,
        aurc=float((counts * cumulated_errors / answered).sum() / answered[-1]),
    )
