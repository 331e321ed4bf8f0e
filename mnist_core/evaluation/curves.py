"""ROC and precision-recall curves of the ten digits, each against the nine others."""

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

# The curve of all ten questions put into one heap.
MICRO = "micro"


@dataclass(frozen=True, kw_only=True, eq=False)
class RocCurve:
    """How the right and the false alarms grow as the threshold falls.

    Attributes:
        name: the digit, or `MICRO`.
        false_positives: (k,) share of the others that are taken for it, 0 to 1, rising.
        true_positives: (k,) share of its own images that are, 0 to 1, rising.
        thresholds: (k,) its probability from which on an image is taken for it, falling; the first
            one is infinite.
        area: under the curve; 1 is perfect, 1/2 is chance.
    """

    name: str
    false_positives: NDArray[np.float64]
    true_positives: NDArray[np.float64]
    thresholds: NDArray[np.float64]
    area: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Roc:
    """The curves of the digits for which there are both images and others.

    Attributes:
        curves: of the digits, in their order.
        micro: of all ten questions together.
        macro_area: the mean of the digits' areas; None where no digit has a curve.
    """

    curves: tuple[RocCurve, ...]
    micro: RocCurve
    macro_area: float | None


@dataclass(frozen=True, kw_only=True, eq=False)
class PrecisionRecallCurve:
    """What an ever lower threshold costs in precision and brings in recall.

    Attributes:
        name: the digit, or `MICRO`.
        precision: (k,) share of the images taken for the digit that are, 0 to 1.
        recall: (k,) share of its images that are taken for it, 0 to 1, falling; 0 at the end.
        thresholds: (k - 1,) its probability from which on an image is taken for it, rising.
        average_precision: the sum of the precisions, each weighted by the recall it adds.
    """

    name: str
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    thresholds: NDArray[np.float64]
    average_precision: float


@dataclass(frozen=True, kw_only=True, eq=False)
class PrecisionRecall:
    """The curves of the digits that occur.

    Attributes:
        curves: of the digits, in their order.
        micro: of all ten questions together.
        macro_average: the mean of the digits' average precisions.
    """

    curves: tuple[PrecisionRecallCurve, ...]
    micro: PrecisionRecallCurve
    macro_average: float


def roc(evaluation: Evaluation) -> Roc:
    """ROC curves, one digit against the rest. Points on a straight line are left out."""
    truths, scores = _questions(evaluation)
    curves = tuple(
        _roc_curve(str(digit), truths[:, digit], scores[:, digit])
        for digit in range(CLASSES)
        if 0 < evaluation.support[digit] < len(truths)
    )
    return Roc(
        curves=curves,
        micro=_roc_curve(MICRO, truths.ravel(), scores.ravel()),
        macro_area=float(np.mean([curve.area for curve in curves])) if curves else None,
    )


def precision_recall(evaluation: Evaluation) -> PrecisionRecall:
    """Precision-recall curves, one digit against the rest."""
    truths, scores = _questions(evaluation)
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


def _questions(evaluation: Evaluation) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """For each image and digit: is it this one, and how probable is that? Both (n, 10)."""
    truths = evaluation.labels[:, np.newaxis] == np.arange(CLASSES)
    return truths, evaluation.probabilities


def _roc_curve(name: str, truths: NDArray[np.bool_], scores: NDArray[np.float32]) -> RocCurve:
    from sklearn.metrics import auc, roc_curve

    false_positives, true_positives, thresholds = roc_curve(truths, scores)
    return RocCurve(
        name=name,
        false_positives=false_positives,
        true_positives=true_positives,
        thresholds=thresholds,
        area=float(auc(false_positives, true_positives)),
    )


def _precision_recall_curve(
    name: str, truths: NDArray[np.bool_], scores: NDArray[np.float32]
) -> PrecisionRecallCurve:
    from sklearn.metrics import precision_recall_curve

    # What is left out lies between others of the same recall, and adds nothing to the sum.
    precision, recall, thresholds = precision_recall_curve(truths, scores, drop_intermediate=True)
    return PrecisionRecallCurve(
        name=name,
        precision=precision,
        recall=recall,
        thresholds=thresholds,
        average_precision=float(-(np.diff(recall) * precision[:-1]).sum()),
    )
