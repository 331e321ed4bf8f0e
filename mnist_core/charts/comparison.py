"""Accuracies of several models and their differences, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mnist_core.charts.style import CORRECT, MUTED, interval_bars, new_figure
from mnist_core.evaluation.comparison import Comparison
from mnist_core.evaluation.metrics import Evaluation

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["accuracy_intervals", "difference_intervals"]

# Height of a row, and of everything around the rows, px.
_ROW, _MARGINS = 45, 90


def accuracy_intervals(evaluations: Mapping[str, Evaluation]) -> go.Figure:
    """The accuracy of each model with its 95% CI, the first model at the top."""
    figure = _points(
        list(evaluations),
        [evaluation.accuracy for evaluation in evaluations.values()],
        [evaluation.interval for evaluation in evaluations.values()],
        "%{y}: %{x:.2%} (%{customdata[0]:.2%} to %{customdata[1]:.2%})<extra></extra>",
    )
    figure.update_xaxes(title_text="accuracy with 95% CI", tickformat=".2%")
    return figure


def difference_intervals(comparisons: Mapping[str, Comparison]) -> go.Figure:
    """The difference in accuracy of each pair of models, with its 95% bootstrap CI.

    Args:
        comparisons: name of each pair -> its comparison. Right of 0 the first model is better.
    """
    figure = _points(
        list(comparisons),
        [100 * comparison.difference for comparison in comparisons.values()],
        [tuple(100 * end for end in comparison.interval) for comparison in comparisons.values()],
        "%{y}: %{x:+.2f} (%{customdata[0]:+.2f} to %{customdata[1]:+.2f}) percentage points, "
        "McNemar's p %{customdata[2]:.2g}<extra></extra>",
        [comparison.p_value for comparison in comparisons.values()],
    )
    figure.add_vline(x=0, line={"color": MUTED, "dash": "dash", "width": 1})
    figure.update_xaxes(title_text="difference in percentage points", tickformat="+.2f")
    return figure


def _points(
    names: Sequence[str],
    values: Sequence[float],
    intervals: Sequence[tuple[float, ...]],
    hover: str,
    *more: Sequence[float],
) -> go.Figure:
    """A row for each name, with a value and its interval.

    Args:
        names: of the rows, the first at the top.
        values: one per row.
        intervals: low and high end per row.
        hover: its custom data are the two ends and `more`.
        more: further values per row.
    """
    center = np.array(values, np.float64)
    low, high = np.array(intervals, np.float64).reshape(-1, 2).T
    figure = new_figure(height=_MARGINS + _ROW * len(names), showlegend=False)
    figure.add_scatter(
        x=center,
        y=list(names),
        mode="markers",
        marker={"size": 11, "color": CORRECT},
        error_x=interval_bars(center, low, high),
        customdata=np.column_stack([low, high, *more]),
        hovertemplate=hover,
    )
    figure.update_yaxes(type="category", autorange="reversed")
    return figure
