"""ROC and precision-recall (PR) curves of the ten digits, each against the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import CLASSES
from mnist_core.evaluation.metrics import Evaluation

__all__ = [
    "MICRO",
    "OperatingPoint",
    "PrecisionRecall",
    "PrecisionRecallCurve",
    "Roc",
    "RocCurve",
    "operating_points",
    "precision_recall",
    "roc",
]

# Name of the micro-averaged curve: the ten binary decisions of each image, pooled.
MICRO = "micro"

_Curve = TypeVar("_Curve")


class RocCurve(NamedTuple):
    """True and false positive rate for falling thresholds.

    Attributes:
        name: the digit, or `MICRO`.
        false_positive_rate: (k,) 0 to 1, rising.
        true_positive_rate: (k,) 0 to 1, rising.
        thresholds: (k,) smallest probability that counts as positive, falling; begins with
            infinity.
        auc: area under the curve, 0 to 1; 0.5 is a random classifier.
    """

    name: str
    false_positive_rate: NDArray[np.float64]
    true_positive_rate: NDArray[np.float64]
    thresholds: NDArray[np.float64]
    auc: float


class Roc(NamedTuple):
    """ROC curves.

    Attributes:
        curves: of the digits that have positive and negative images, in ascending order.
        micro: the micro-averaged curve.
        macro_auc: mean AUC of `curves`; None if there are none.
    """

    curves: tuple[RocCurve, ...]
    micro: RocCurve
    macro_auc: float | None


class PrecisionRecallCurve(NamedTuple):
    """Precision and recall for rising thresholds.

    Attributes:
        name: the digit, or `MICRO`.
        precision: (k,) 0 to 1.
        recall: (k,) 0 to 1, falling; ends with 0.
        thresholds: (k - 1,) smallest probability that counts as positive, rising.
        average_precision: mean of the precisions, weighted by the increase in recall.
    """

    name: str
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    thresholds: NDArray[np.float64]
    average_precision: float


class PrecisionRecall(NamedTuple):
    """Precision-recall curves.

    Attributes:
        curves: of the digits that occur, in ascending order.
        micro: the micro-averaged curve.
        macro_average: mean average precision of `curves`.
    """

    curves: tuple[PrecisionRecallCurve, ...]
    micro: PrecisionRecallCurve
    macro_average: float


class OperatingPoint(NamedTuple):
    """What becomes of a curve if only predictions of at least one threshold are answered.

    Attributes:
        name: the digit, or `MICRO`.
        threshold: smallest probability that counts as positive, 0 to 1.
        true_positive_rate: share of the digit's images that reach it, which is the recall, 0 to 1.
        false_positive_rate: share of the other images that reach it, 0 to 1.
        precision: share of the digit's images among those that reach it; None if none does.
    """

    name: str
    threshold: float
    true_positive_rate: float
    false_positive_rate: float
    precision: float | None


def operating_points(evaluation: Evaluation, threshold: float) -> tuple[OperatingPoint, ...]:
    """The points at one threshold on the curves of `roc`, and so on those of `precision_recall`.

    Above 0.5, they are those of answering only when the confidence reaches the threshold: two
    digits cannot both reach it.

    Args:
        evaluation: a model's predictions.
        threshold: 0 to 1.

    Returns:
        Of the digits that have positive and negative images, in ascending order, and of the micro
        average.

    Raises:
        ValueError: the threshold is not 0 to 1.
    """
    if not 0 <= threshold <= 1:
        raise ValueError(f"A threshold must be from 0 to 1. Received: {threshold!r}")
    least = np.float32(threshold)

    def point(name: str, truths: NDArray[np.bool_], scores: NDArray[np.float32]) -> OperatingPoint:
        positive = scores >= least
        found = int((positive & truths).sum())
        return OperatingPoint(
            name,
            threshold,
            found / max(1, int(truths.sum())),
            float((positive & ~truths).sum() / max(1, int((~truths).sum()))),
            found / int(positive.sum()) if positive.any() else None,
        )

    support = evaluation.support
    points, micro = _one_against_rest(evaluation, point, (support > 0) & (support < support.sum()))
    return (*points, micro)


def roc(evaluation: Evaluation) -> Roc:
    """ROC curves, one digit against the rest, without the points on straight segments."""
    from sklearn.metrics import auc, roc_curve

    def curve(name: str, truths: NDArray[np.bool_], scores: NDArray[np.float32]) -> RocCurve:
        false_positive_rate, true_positive_rate, thresholds = roc_curve(truths, scores)
        area = float(auc(false_positive_rate, true_positive_rate))
        return RocCurve(name, false_positive_rate, true_positive_rate, thresholds, area)

    support = evaluation.support
    curves, micro = _one_against_rest(evaluation, curve, (support > 0) & (support < support.sum()))
    return Roc(curves, micro, float(np.mean([c.auc for c in curves])) if curves else None)


def precision_recall(evaluation: Evaluation) -> PrecisionRecall:
    """Precision-recall curves, one digit against the rest."""
    from sklearn.metrics import precision_recall_curve

    def curve(
        name: str, truths: NDArray[np.bool_], scores: NDArray[np.float32]
    ) -> PrecisionRecallCurve:
        # The dropped points lie between others of the same recall and add nothing to the average.
        precision, recall, thresholds = precision_recall_curve(
            truths, scores, drop_intermediate=True
        )
        average = float(-(np.diff(recall) * precision[:-1]).sum())
        return PrecisionRecallCurve(name, precision, recall, thresholds, average)

    curves, micro = _one_against_rest(evaluation, curve, evaluation.support > 0)
    return PrecisionRecall(curves, micro, float(np.mean([c.average_precision for c in curves])))


def _one_against_rest(
    evaluation: Evaluation,
    curve: Callable[[str, NDArray[np.bool_], NDArray[np.float32]], _Curve],
    has_curve: NDArray[np.bool_],
) -> tuple[tuple[_Curve, ...], _Curve]:
    """Curves of the digits that have one, and the micro-averaged curve."""
    truths = evaluation.labels[:, np.newaxis] == np.arange(CLASSES)
    scores = evaluation.probabilities
    digits = np.flatnonzero(has_curve)
    curves = tuple(curve(str(digit), truths[:, digit], scores[:, digit]) for digit in digits)
    return curves, curve(MICRO, truths.ravel(), scores.ravel())
