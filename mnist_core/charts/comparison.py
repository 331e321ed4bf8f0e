"""Figures of models beside one another: their accuracies, and how far they are apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mnist_core.charts.style import RIGHT, styled
from mnist_core.evaluation.comparison import Comparison
from mnist_core.evaluation.metrics import Evaluation

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["accuracy_intervals", "difference_intervals"]

# Figures with one line a model or pair: px of a line, and of what is around them.
_LINE, _AROUND = 45, 90


def accuracy_intervals(evaluations: Mapping[str, Evaluation]) -> go.Figure:
    """Each model's accuracy with its 95 % interval, the first one above."""
    figure = _points(
        list(evaluations),
        [evaluation.accuracy for evaluation in evaluations.values()],
        [evaluation.interval for evaluation in evaluations.values()],
        "%{y}: %{x:.2%} (%{customdata[0]:.2%} to %{customdata[1]:.2%})<extra></extra>",
    )
    figure.update_xaxes(title_text="accuracy with its 95 % interval", tickformat=".2%")
    return figure


def difference_intervals(comparisons: Mapping[str, Comparison]) -> go.Figure:
    """How far the models of each pair are apart, with the 95 % bootstrap interval.

    Args:
        comparisons: what to call each pair -> its comparison. Right of 0 the first one is better.
    """
    figure = _points(
        list(comparisons),
        [100 * comparison.difference for comparison in comparisons.values()],
        [tuple(100 * end for end in comparison.interval) for comparison in comparisons.values()],
        "%{y}: %{x:+.2f} (%{customdata[0]:+.2f} to %{customdata[1]:+.2f}) percentage points, "
        "McNemar's p %{customdata[2]:.2g}<extra></extra>",
        [comparison.p_value for comparison in comparisons.values()],
    )
    figure.add_vline(x=0, line={"color": "#8A94A6", "dash": "dash", "width": 1})
    figure.update_xaxes(title_text="difference in percentage points", tickformat="+.2f")
    return figure


def _points(
    names: Sequence[str],
    values: Sequence[float],
    intervals: Sequence[tuple[float, ...]],
    hover: str,
    more: Sequence[float] | None = None,
) -> go.Figure:
    """A line a name, with a point and its interval on it."""
    import plotly.graph_objects as go

    middle = np.array(values, np.float64)
    low, high = np.array(intervals, np.float64).reshape(-1, 2).T
    figure = go.Figure(
        go.Scatter(
            x=middle,
            y=list(names),
            mode="markers",
            marker={"size": 11, "color": RIGHT},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": high - middle,
                "arrayminus": middle - low,
            },
            customdata=np.column_stack([low, high, *([] if more is None else [more])]),
            hovertemplate=hover,
        )
    )
    figure.update_xaxes(fixedrange=True)
    figure.update_yaxes(type="category", autorange="reversed", fixedrange=True)
    return styled(figure, height=_AROUND + _LINE * len(names), showlegend=False)
