"""The trials of a hyperparameter search."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mnist_core.charts.style import BLUE, HIGHLIGHT, ORANGE, TIGHT, new_figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["importance_bars", "parallel_coordinates"]

# Numbers with at most so many different values have a mark for each.
_MAX_MARKS = 6


def parallel_coordinates(
    values: Mapping[str, Sequence[Any]], accuracies: Sequence[float]
) -> go.Figure:
    """A line for each trial, through its values and its validation accuracy.

    Args:
        values: of each setting, one for each trial: numbers or names.
        accuracies: one for each trial, 0 to 1.
    """
    figure = new_figure(height=340, margin={"l": 60, "r": 60, "t": 60, "b": 24})
    figure.add_parcoords(
        dimensions=[
            *(_dimension(name, column) for name, column in values.items()),
            {"label": "accuracy", "values": list(accuracies), "tickformat": ".2%"},
        ],
        line={"color": list(accuracies), "colorscale": [(0, ORANGE), (1, BLUE)]},
        labelangle=-15 if len(values) > 3 else 0,
    )
    return figure


def importance_bars(importances: Mapping[str, float]) -> go.Figure:
    """A bar for each setting, the most important one on top."""
    ordered = sorted(importances.items(), key=lambda item: item[1])
    figure = new_figure(height=60 + 32 * len(ordered), margin=TIGHT, showlegend=False)
    figure.add_bar(
        x=[share for _, share in ordered],
        y=[_title(name) for name, _ in ordered],
        orientation="h",
        marker_color=HIGHLIGHT,
        texttemplate="%{x:.0%}",
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )
    figure.update_xaxes(tickformat=".0%", rangemode="tozero", title_text="importance")
    return figure


def _dimension(name: str, values: Sequence[Any]) -> dict[str, Any]:
    """An axis of the parallel coordinates."""
    axis: dict[str, Any] = {"label": _title(name)}
    kinds = sorted(set(values))
    if not all(isinstance(value, float) for value in values):
        # Names, and numbers of which there are few: at equal distances.
        marks = {"tickvals": list(range(len(kinds))), "ticktext": [str(kind) for kind in kinds]}
        return axis | marks | {"values": [kinds.index(value) for value in values]}
    if name == "learning_rate":
        low, high = math.log10(kinds[0]), math.log10(kinds[-1])
        ticks = [low + (high - low) * step / 4 for step in range(5)] if high > low else [low]
        return axis | {
            "values": [math.log10(value) for value in values],
            "tickvals": ticks,
            "ticktext": [f"{10**tick:.2g}" for tick in ticks],
        }
    if len(kinds) <= _MAX_MARKS:
        axis |= {"tickvals": kinds, "ticktext": [f"{kind:.3g}" for kind in kinds]}
    return axis | {"values": list(values)}


def _title(name: str) -> str:
    return name.replace("_", " ")
