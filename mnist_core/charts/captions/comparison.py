"""Captions of the charts that compare models."""

from __future__ import annotations

from collections.abc import Mapping

from mnist_core.charts.captions.caption import Caption, enumerate_words
from mnist_core.evaluation.comparison import Comparison
from mnist_core.evaluation.metrics import Evaluation

__all__ = ["describe_accuracy_intervals", "describe_difference_intervals"]


def describe_accuracy_intervals(evaluations: Mapping[str, Evaluation]) -> Caption:
    """Of `accuracy_intervals`; at least one model."""
    ranking = sorted(evaluations, key=lambda name: -evaluations[name].accuracy)
    best = evaluations[ranking[0]]
    result = f"{ranking[0]} is the most accurate, with {best.accuracy:.2%}"
    if len(ranking) > 1:
        second = evaluations[ranking[1]]
        apart = best.interval[0] > second.interval[1]
        result += f"; its interval {'is above' if apart else 'overlaps'} that of {ranking[1]}"
    return Caption(
        "Points are accuracies, lines their 95% intervals: the accuracy on many more such images "
        "would probably lie within.",
        f"{result}.",
    )


def describe_difference_intervals(comparisons: Mapping[str, Comparison]) -> Caption:
    """Of `difference_intervals`; at least one pair."""
    apart = [
        f"{name} ({100 * comparison.difference:+.2f})"
        for name, comparison in comparisons.items()
        if not comparison.interval[0] <= 0 <= comparison.interval[1]
    ]
    result = (
        f"Significant, in percentage points: {enumerate_words(apart)}."
        if apart
        else "No difference is significant."
    )
    return Caption(
        "Right of the dashed line the first model is better, left of it the second; an interval "
        "without 0 is a significant difference.",
        result,
    )
