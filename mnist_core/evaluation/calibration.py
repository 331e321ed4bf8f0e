"""Can a model's confidence be believed, and what is gained by answering only when it is high?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import CLASSES
from mnist_core.evaluation.metrics import Evaluation, wilson_interval

__all__ = [
    "CALIBRATION_BINS",
    "REFUSED_DIGITS",
    "ConfidenceHistogram",
    "Reliability",
    "RiskCoverage",
    "Selection",
    "confidence_histogram",
    "fit_temperature",
    "reliability",
    "risk_coverage",
]

# As in Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
CALIBRATION_BINS = 15
_HISTOGRAM_BINS = 20

# Share of held-out digits that may fall under the card's `digit_threshold`.
REFUSED_DIGITS = 0.003


@dataclass(frozen=True, kw_only=True, eq=False)
class Reliability:
    """Confidence against accuracy, in bins of equal width.

    Attributes:
        edges: (bins + 1,) of the confidence, 0 to 1; a bin has its upper edge, not its lower.
        counts: (bins,) answers in each bin.
        confidence: (bins,) their mean confidence; NaN in an empty bin.
        accuracy: (bins,) the share of them that is right; NaN in an empty bin.
        intervals: (bins, 2) 95 % Wilson intervals of `accuracy`; NaN in an empty bin.
        expected_error: expected calibration error: the mean distance of the two, weighted by
            `counts`, 0 to 1.
        brier: G. W. Brier's score (Monthly Weather Review 78, 1950): the mean squared distance of
            the ten probabilities from the truth, 0 (perfect) to 2.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    intervals: NDArray[np.float64]
    expected_error: float
    brier: float


@dataclass(frozen=True, kw_only=True, eq=False)
class ConfidenceHistogram:
    """How sure the right and the wrong answers were.

    Attributes:
        edges: (bins + 1,) of the confidence, 0 to 1.
        right: (bins,) right answers in each bin.
        wrong: (bins,) wrong ones.
    """

    edges: NDArray[np.float64]
    right: NDArray[np.int64]
    wrong: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What is left when only answers of at least some confidence are given.

    Attributes:
        threshold: the confidence asked for, 0 to 1.
        answered: images that are answered.
        wrong: of these, how many wrongly.
        total: images there are.
        interval: 95 % Wilson interval of the accuracy; None when nothing is answered.
    """

    threshold: float
    answered: int
    wrong: int
    total: int
    interval: tuple[float, float] | None

    @property
    def coverage(self) -> float:
        """Share of the images that is answered, 0 to 1."""
        return self.answered / self.total

    @property
    def accuracy(self) -> float | None:
        """Share of the answers that is right, 0 to 1; None when nothing is answered."""
        return 1 - self.wrong / self.answered if self.answered else None


@dataclass(frozen=True, kw_only=True, eq=False)
class RiskCoverage:
    """The share of errors among the answers, for ever more answers (Geifman and El-Yaniv,
    "Selective Classification for Deep Neural Networks", NeurIPS 2017).

    Attributes:
        thresholds: (k,) the confidences that occur, falling.
        answered: (k,) answers at least that sure, rising to all of them.
        wrong: (k,) of these, the wrong ones.
        area: mean risk over all coverages, 0 to 1; lower is better. Images of one confidence are
            answered together: each counts with the risk once all of them are.
    """

    thresholds: NDArray[np.float32]
    answered: NDArray[np.int64]
    wrong: NDArray[np.int64]
    area: float

    @property
    def coverage(self) -> NDArray[np.float64]:
        """(k,) share of the images that is answered, 0 to 1."""
        coverage: NDArray[np.float64] = self.answered / self.answered[-1]
        return coverage

    @property
    def risk(self) -> NDArray[np.float64]:
        """(k,) share of the answers that is wrong, 0 to 1."""
        risk: NDArray[np.float64] = self.wrong / self.answered
        return risk

    def at(self, threshold: float) -> Selection:
        """What is left when only answers of at least this confidence are given.

        Raises:
            ValueError: the threshold is not 0 to 1.
        """
        if not 0 <= threshold <= 1:
            raise ValueError(f"A confidence is 0 to 1. Received: {threshold!r}")
        place = int(np.searchsorted(-self.thresholds, -np.float32(threshold), side="right")) - 1
        answered = int(self.answered[place]) if place >= 0 else 0
        wrong = int(self.wrong[place]) if place >= 0 else 0
        return Selection(
            threshold=threshold,
            answered=answered,
            wrong=wrong,
            total=int(self.answered[-1]),
            interval=wilson_interval(answered - wrong, answered) if answered else None,
        )


def reliability(evaluation: Evaluation, bins: int = CALIBRATION_BINS) -> Reliability:
    """How far confidence and accuracy are apart.

    Args:
        evaluation: a model's answers.
        bins: of equal width, at least 1.
    """
    from sklearn.metrics import brier_score_loss

    edges = np.linspace(0, 1, bins + 1)
    confidences = evaluation.confidences.astype(np.float64)
    # scikit-learn's `calibration_curve` has the same bins, but does not tell how full they are.
    place = np.searchsorted(edges[1:-1], confidences)
    counts = np.bincount(place, minlength=bins)
    right = np.bincount(place, weights=evaluation.right, minlength=bins)
    confident = np.bincount(place, weights=confidences, minlength=bins)
    filled = np.maximum(counts, 1)
    intervals = [
        wilson_interval(round(r), int(count)) if count else (np.nan, np.nan)
        for r, count in zip(right, counts, strict=True)
    ]
    return Reliability(
        edges=edges,
        counts=counts,
        confidence=np.where(counts, confident / filled, np.nan),
        accuracy=np.where(counts, right / filled, np.nan),
        intervals=np.array(intervals),
        expected_error=float(np.abs(right - confident).sum() / len(confidences)),
        brier=float(
            brier_score_loss(evaluation.labels, evaluation.probabilities, labels=np.arange(CLASSES))
        ),
    )


def confidence_histogram(
    evaluation: Evaluation, bins: int = _HISTOGRAM_BINS
) -> ConfidenceHistogram:
    """Count right and wrong answers by their confidence, in bins of equal width.

    Args:
        evaluation: a model's answers.
        bins: at least 1.
    """
    edges = np.linspace(0, 1, bins + 1)
    right, wrong = (
        np.histogram(evaluation.confidences[which].astype(np.float64), edges)[0]
        for which in (evaluation.right, ~evaluation.right)
    )
    return ConfidenceHistogram(edges=edges, right=right, wrong=wrong)


def risk_coverage(evaluation: Evaluation) -> RiskCoverage:
    """What answering only when sure enough brings, for every confidence that occurs."""
    # Rising confidences; the answers at least as sure are those from there to the end.
    thresholds, inverse, counts = np.unique(
        evaluation.confidences, return_inverse=True, return_counts=True
    )
    errors = np.bincount(inverse, weights=~evaluation.right, minlength=len(counts))
    counts, errors = counts[::-1], np.rint(errors[::-1]).astype(np.int64)
    answered, wrong = counts.cumsum(), errors.cumsum()
    return RiskCoverage(
        thresholds=thresholds[::-1],
        answered=answered,
        wrong=wrong,
        area=float((counts * wrong / answered).sum() / answered[-1]),
    )


def fit_temperature(probabilities: NDArray[np.float32], labels: NDArray[np.uint8]) -> float:
    """The temperature at which held-out answers are most likely (Guo et al., "On Calibration of
    Modern Neural Networks", ICML 2017).

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
