"""Captions of the charts of one model's predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mnist_core.charts.captions.caption import Caption, count
from mnist_core.evaluation.calibration import (
    ConfidenceHistogram,
    Reliability,
    RiskCoverage,
    Selection,
)
from mnist_core.evaluation.curves import OperatingPoint, PrecisionRecall, Roc
from mnist_core.evaluation.metrics import Evaluation

__all__ = [
    "describe_class_bars",
    "describe_confidence_bars",
    "describe_confusion_matrix",
    "describe_coverage",
    "describe_coverage_of_several",
    "describe_precision_recall",
    "describe_probabilities",
    "describe_probabilities_of_several",
    "describe_reliability",
    "describe_roc",
]

# From this confidence on, an error is a confident one.
_CONFIDENT = 0.9
_COVERAGE = (
    "From left to right, more images are answered, the most confident first: a good curve stays at "
    "the top for long."
)
# A difference of mean confidence and accuracy below this is called none.
_SAME = 0.0005


def describe_confusion_matrix(evaluation: Evaluation, *, rates: bool = False) -> Caption:
    """Of `confusion_matrix`."""
    reading = (
        "Rows are true digits, columns predictions: the diagonal is correct, all else are errors"
        + (", as shares of the true digit's images." if rates else ".")
    )
    errors = evaluation.confusion - np.diag(evaluation.confusion.diagonal())
    total = int(errors.sum())
    if not total:
        return Caption(reading, f"All {len(evaluation.labels):,} predictions are correct.")
    truth, answer = np.unravel_index(errors.argmax(), errors.shape)
    return Caption(
        reading,
        f"The most frequent of the {count(total, 'error')}: {truth} read as {answer}, "
        f"{count(int(errors.max()), 'time')}.",
    )


def describe_class_bars(evaluation: Evaluation) -> Caption:
    """Of `class_bars`."""
    digits = np.flatnonzero(evaluation.support)
    f1 = evaluation.f1[digits]
    best, worst = digits[f1.argmax()], digits[f1.argmin()]
    if f1.max() == f1.min():
        result = f"F1 is {f1[0]:.2%} for each digit that occurs."
    else:
        result = (
            f"F1 is lowest for {worst} ({f1.min():.2%}) and highest for {best} ({f1.max():.2%})."
        )
    return Caption(
        "Precision: how many predictions of a digit are correct; recall: how many of its images "
        "are found; F1: their harmonic mean.",
        result,
    )


def describe_roc(roc: Roc, points: Sequence[OperatingPoint] = ()) -> Caption:
    """Of `roc_curves`.

    Args:
        roc: the curves.
        points: the operating points that are marked; the last one is the micro average's.
    """
    result = f"Micro-average AUC: {roc.micro.auc:.6f}"
    if roc.curves:
        worst = min(roc.curves, key=lambda curve: curve.auc)
        result += f"; the lowest is that of {worst.name} ({worst.auc:.6f})"
    if points:
        micro = points[-1]
        result += (
            f". From {micro.threshold:.1%} on (diamonds), {micro.true_positive_rate:.2%} of the "
            f"digits are found, and {micro.false_positive_rate:.4%} of the other decisions are "
            "false alarms"
        )
    return Caption(
        "A curve for each digit against the rest, for falling thresholds: the nearer to the upper "
        "left corner, the better.",
        f"{result}.",
    )


def describe_precision_recall(
    curves: PrecisionRecall, points: Sequence[OperatingPoint] = ()
) -> Caption:
    """Of `precision_recall_curves`; the arguments are as for `describe_roc`."""
    worst = min(curves.curves, key=lambda curve: curve.average_precision)
    result = (
        f"Micro-average precision: {curves.micro.average_precision:.6f}; the lowest is that of "
        f"{worst.name} ({worst.average_precision:.6f})"
    )
    if points:
        micro = points[-1]
        result += (
            f". From {micro.threshold:.1%} on (diamonds), recall is "
            f"{micro.true_positive_rate:.2%} and precision "
            + ("undefined" if micro.precision is None else f"{micro.precision:.2%}")
        )
    return Caption(
        "A curve for each digit against the rest, for rising thresholds: the nearer to the upper "
        "right corner, the better.",
        f"{result}.",
    )


def describe_confidence_bars(histogram: ConfidenceHistogram) -> Caption:
    """Of `confidence_bars`."""
    reading = (
        "How often each confidence occurs, on a logarithmic scale: incorrect predictions should be "
        "on the left, correct ones on the right."
    )
    confident = histogram.edges[:-1] >= _CONFIDENT - 1e-9
    errors, correct = int(histogram.incorrect.sum()), int(histogram.correct.sum())
    parts = []
    if correct:
        share = histogram.correct[confident].sum() / correct
        parts.append(f"{share:.1%} of the correct predictions")
    if errors:
        parts.append(f"{int(histogram.incorrect[confident].sum()):,} of {count(errors, 'error')}")
    return Caption(reading, f"At least {_CONFIDENT:.0%} confidence have {' and '.join(parts)}.")


def describe_reliability(reliability: Reliability) -> Caption:
    """Of `reliability_diagram`."""
    weights = reliability.counts / reliability.counts.sum()
    filled = reliability.counts > 0
    confidence = float((weights[filled] * reliability.confidence[filled]).sum())
    accuracy = float((weights[filled] * reliability.accuracy[filled]).sum())
    gap = confidence - accuracy
    kind = "neither over- nor underconfident"
    if abs(gap) >= _SAME:
        kind = "overconfident" if gap > 0 else "underconfident"
    return Caption(
        "On the dashed line, confidence equals accuracy; below it the model is overconfident, "
        "above it underconfident.",
        f"Mean confidence is {confidence:.2%} and accuracy {accuracy:.2%}: on average the model is "
        f"{kind}; the expected calibration error is {reliability.ece:.2%}.",
    )


def describe_coverage(selection: Selection) -> Caption:
    """Of `coverage_curves` of one model.

    Args:
        selection: the point that is marked.
    """
    if selection.accuracy is None:
        result = f"No image reaches {selection.threshold:.1%}."
    else:
        result = (
            f"If only predictions of at least {selection.threshold:.1%} are answered (diamond), "
            f"{selection.coverage:.1%} are, and {selection.accuracy:.2%} of these correctly."
        )
    return Caption(
        _COVERAGE,
        result,
    )


def describe_coverage_of_several(curves: Mapping[str, RiskCoverage]) -> Caption:
    """Of `coverage_curves` of several models."""
    best = min(curves, key=lambda name: curves[name].aurc)
    return Caption(
        _COVERAGE,
        f"The area above the curve is smallest for {best} (AURC {curves[best].aurc:.6f}).",
    )


def describe_probabilities(probabilities: NDArray[np.float32]) -> Caption:
    """Of `probability_bars`, of (10,) probabilities."""
    second, first = probabilities.argsort(kind="stable")[-2:]
    return Caption(
        "A bar for the probability of each digit.",
        f"{first} has {probabilities[first]:.1%}, then comes {second} with "
        f"{probabilities[second]:.1%}.",
    )


def describe_probabilities_of_several(probabilities: NDArray[np.float32]) -> Caption:
    """Of `probability_bars` of a number's digits, from (n, 10) probabilities; n is at least 1."""
    place = int(probabilities.max(axis=1).argmin())
    caption = describe_probabilities(probabilities[place])
    if len(probabilities) == 1:
        return caption
    return caption._replace(result=f"The least certain is place {place + 1}: {caption.result}")
