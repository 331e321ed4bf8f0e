"""ROC and precision-recall (PR) curves of the ten digits, each against the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import CLASSES
from mnist_core.evaluation.metrics import Evaluation

__all__ = [
    "MICRO",
    "PrecisionRecall",
    "PrecisionRecallCurve",
    "Roc",
    "RocCurve",
    "precision_recall",
    "roc",
]

# Name of the micro-averaged curve: the ten binary decisions of each image, pooled.
MICRO = "micro"


@dataclass(frozen=True, kw_only=True, eq=False)
class RocCurve:
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


@dataclass(frozen=True, kw_only=True, eq=False)
class Roc:
    """ROC curves.

    Attributes:
        curves: of the digits that have positive and negative images, in ascending order.
        micro: the micro-averaged curve.
        macro_auc: mean AUC of `curves`; None if there are none.
    """

    curves: tuple[RocCurve, ...]
    micro: RocCurve
    macro_auc: float | None


@dataclass(frozen=True, kw_only=True, eq=False)
class PrecisionRecallCurve:
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


@dataclass(frozen=True, kw_only=True, eq=False)
class PrecisionRecall:
    """Precision-recall curves.

    Attributes:
        curves: of the digits that occur, in ascending order.
        micro: the micro-averaged curve.
        macro_average: mean average precision of `curves`.
    """

    curves: tuple[PrecisionRecallCurve, ...]
    micro: PrecisionRecallCurve
    macro_average: float


def roc(evaluation: Evaluation) -> Roc:
    """ROC curves, one digit against the rest, without the points on straight segments."""
    truths, scores = _one_against_rest(evaluation)
    curves = tuple(
        _roc_curve(str(digit), truths[:, digit], scores[:, digit])
        for digit in range(CLASSES)
        if 0 < evaluation.support[digit] < len(truths)
    )
    return Roc(
        curves=curves,
        micro=_roc_curve(MICRO, truths.ravel(), scores.ravel()),
        macro_auc=float(np.mean([curve.auc for curve in curves])) if curves else None,
    )


def precision_recall(evaluation: Evaluation) -> PrecisionRecall:
    """Precision-recall curves, one digit against the rest."""
    truths, scores = _one_against_rest(evaluation)
    curves = tuple(
        _precision_recall_curve(str(digit), truths[:, digit], scores[:, digit])
        for digit in range(CLASSES)
        if evaluation.support[digit]
    )
    return PrecisionRecall(
        curves=curves,
        micro=_precision_recall_curve(MICRO, truths.ravel(), scores.ravel()),
        macro_average=float(np.mean([curve.average_precision for curve in curves])),
    )


def _one_against_rest(evaluation: Evaluation) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Binary labels and scores of the ten digits, (n, 10) each."""
    return evaluation.labels[:, np.newaxis] == np.arange(CLASSES), evaluation.probabilities


def _roc_curve(name: str, truths: NDArray[np.bool_], scores: NDArray[np.float32]) -> RocCurve:
    from sklearn.metrics import auc, roc_curve

    false_positive_rate, true_positive_rate, thresholds = roc_curve(truths, scores)
    return RocCurve(
        name=name,
        false_positive_rate=false_positive_rate,
        true_positive_rate=true_positive_rate,
        thresholds=thresholds,
        auc=float(auc(false_positive_rate, true_positive_rate)),
    )


def _precision_recall_curve(
    name: str, truths: NDArray[np.bool_], scores: NDArray[np.float32]
) -> PrecisionRecallCurve:
    from sklearn.metrics import precision_recall_curve

    # The dropped points lie between others of the same recall and add nothing to the average.
    precision, recall, thresholds = precision_recall_curve(truths, scores, drop_intermediate=True)
    return PrecisionRecallCurve(
        name=name,
        precision=precision,
        recall=recall,
        thresholds=thresholds,
        average_precision=float(-(np.diff(recall) * precision[:-1]).sum()),
    )
