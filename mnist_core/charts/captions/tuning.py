"""Captions of the charts of a hyperparameter search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mnist_core.charts.captions.caption import Caption, count

__all__ = ["describe_importances", "describe_trials"]


def describe_trials(accuracies: Sequence[float], pruned: int) -> Caption:
    """Of `parallel_coordinates`.

    Args:
        accuracies: of the complete trials, 0 to 1; at least one.
        pruned: number of trials that were pruned.
    """
    complete = f"{count(len(accuracies), 'trial')} {'is' if len(accuracies) == 1 else 'are'}"
    return Caption(
        "Each line is a trial: its settings, and its accuracy on the validation images. Drag along "
        "an axis to select trials.",
        f"{complete} complete, {pruned:,} {'was' if pruned == 1 else 'were'} pruned; the best has "
        f"{max(accuracies):.2%}.",
    )


def describe_importances(importances: Mapping[str, float]) -> Caption:
    """Of `importance_bars`; at least one setting."""
    first = max(importances, key=importances.__getitem__)
    return Caption(
        "The longer the bar, the more the values of the best trials differ from those of all "
        "(PED-ANOVA).",
        f"The {first.replace('_', ' ')} matters most, with {importances[first]:.0%}.",
    )
