"""Confusion matrix, accuracy per digit, confidence, calibration, and accuracy against coverage."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnist_core.charts.style import (
    CORRECT,
    INCORRECT,
    MUTED,
    SERIES,
    TIGHT,
    interval_bars,
    line_style,
    new_figure,
    styled,
    thin_out,
)
from mnist_core.data import CLASSES
from mnist_core.evaluation.calibration import (
    ConfidenceHistogram,
    Reliability,
    RiskCoverage,
    Selection,
)
from mnist_core.evaluation.metrics import Evaluation

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = [
    "class_bars",
    "confidence_bars",
    "confusion_matrix",
    "coverage_curves",
    "reliability_diagram",
]

DIGITS = [str(digit) for digit in range(CLASSES)]
# Possible lower ends of the bars' axis: at 99%, bars from 0 would all look the same.
_FLOORS = (0.99, 0.98, 0.95, 0.9, 0.8, 0.5)


def confusion_matrix(
    evaluation: Evaluation, *, rates: bool = False, errors_only: bool = False, log: bool = True
) -> go.Figure:
    """The confusion matrix, true digits in rows. The points of its second trace are clickable.

    Args:
        evaluation: a model's predictions.
        rates: shares of the true digit's images instead of counts.
        errors_only: leave out the diagonal.
        log: color by the logarithm, so that single errors are visible beside thousands.
    """
    counts = evaluation.confusion
    shares = counts / np.maximum(evaluation.support, 1)[:, np.newaxis]
    shown = (counts > 0) & ~(errors_only & np.eye(CLASSES, dtype=bool))
    values = np.where(shown, shares if rates else counts, np.nan)
    # Square cells in the half of a page that is 1440 px wide.
    figure = new_figure(height=500, margin=TIGHT)
    _add_heat_map(figure, values, rates, log)
    _add_clickable_cells(figure, counts, shares)
    axis = {"type": "category", "showgrid": False, "tickvals": DIGITS}
    figure.update_xaxes(axis, title_text="predicted digit", range=[-0.5, CLASSES - 0.5])
    # The first row is at the top, as in a table.
    figure.update_yaxes(axis, title_text="true digit", range=[CLASSES - 0.5, -0.5])
    return figure


def _add_heat_map(figure: go.Figure, values: NDArray[np.float64], rates: bool, log: bool) -> None:
    levels = np.log10(values) if log else values
    low, high = np.nanmin(levels, initial=np.inf), np.nanmax(levels, initial=-np.inf)
    form = "{:.1%}" if rates else "{:,.0f}"
    figure.add_heatmap(
        x=DIGITS,
        y=DIGITS,
        z=levels,
        # The darkest fifth of the colors is hard to see on a dark page.
        zmin=low - 0.25 * (high - low),
        zmax=high,
        text=[["" if np.isnan(value) else form.format(value) for value in row] for row in values],
        texttemplate="%{text}",
        textfont_size=12,
        colorscale="Cividis",
        xgap=1,
        ygap=1,
        hoverinfo="skip",
        showscale=False,
    )


def _add_clickable_cells(
    figure: go.Figure, counts: NDArray[np.integer], shares: NDArray[np.floating]
) -> None:
    """Invisible points over the cells: Plotly cannot select the cells of a heat map."""
    true, predicted = np.indices(counts.shape).reshape(2, -1)
    figure.add_scatter(
        x=[DIGITS[digit] for digit in predicted],
        y=[DIGITS[digit] for digit in true],
        mode="markers",
        marker={"symbol": "square", "size": 30, "opacity": 0, "color": "#FFFFFF"},
        selected={"marker": {"opacity": 0.35}},
        unselected={"marker": {"opacity": 0}},
        customdata=np.stack([counts.ravel(), shares.ravel()], axis=1),
        hovertemplate="true %{y}, predicted %{x}: %{customdata[0]:,} images, "
        "%{customdata[1]:.2%} of the %{y}s<extra></extra>",
        showlegend=False,
    )


def class_bars(evaluation: Evaluation) -> go.Figure:
    """Precision, recall and F1 of each digit. The title of the axis says where it begins."""
    metrics = {
        "precision": evaluation.precision,
        "recall": evaluation.recall,
        "F1": evaluation.f1,
    }
    lowest = min(float(values[evaluation.support > 0].min()) for values in metrics.values())
    floor = next((floor for floor in _FLOORS if lowest > floor), 0.0)
    figure = new_figure(height=340, barmode="group", bargap=0.25)
    for (name, values), color in zip(metrics.items(), SERIES, strict=False):
        figure.add_bar(
            name=name,
            x=DIGITS,
            y=values,
            marker_color=color,
            customdata=evaluation.support,
            hovertemplate=f"%{{x}}: {name} %{{y:.2%}}, %{{customdata:,}} images<extra></extra>",
        )
    figure.update_xaxes(title_text="digit", type="category", tickvals=DIGITS)
    figure.update_yaxes(
        title_text=f"value (axis from {floor:.0%})" if floor else "value",
        range=[floor, 1],
        tickformat=".1%" if floor > 0.9 else ".0%",
    )
    return figure


def confidence_bars(histogram: ConfidenceHistogram) -> go.Figure:
    """The confidence of correct and incorrect predictions, on a logarithmic scale."""
    edges = histogram.edges
    figure = new_figure(height=340, barmode="group", bargap=0.1)
    for name, counts, color in (
        ("correct", histogram.correct, CORRECT),
        ("incorrect", histogram.incorrect, INCORRECT),
    ):
        figure.add_bar(
            name=name,
            x=(edges[:-1] + edges[1:]) / 2,
            y=counts,
            marker_color=color,
            customdata=[f"{low:.0%} to {high:.0%}" for low, high in pairwise(edges)],
            hovertemplate=f"confidence %{{customdata}}: %{{y:,}} {name}<extra></extra>",
        )
    top = np.log10(max(2, int(max(histogram.correct.max(), histogram.incorrect.max()))))
    figure.update_xaxes(title_text="confidence", tickformat=".0%", range=[0, 1])
    # From half an image, so that a bar of one image has a height.
    figure.update_yaxes(
        title_text="images (log)", type="log", range=[np.log10(0.5), float(top) + 0.15], dtick=1
    )
    return figure


def reliability_diagram(reliability: Reliability) -> go.Figure:
    """Accuracy against confidence with 95% CIs, above the number of predictions."""
    from plotly.subplots import make_subplots

    filled = reliability.counts > 0
    accuracy = reliability.accuracy[filled]
    low, high = reliability.intervals[filled].T
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, row_heights=[0.75, 0.25], vertical_spacing=0.06
    )
    figure.add_scatter(
        name="perfectly calibrated",
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": MUTED, "dash": "dash", "width": 1},
        hoverinfo="skip",
        row=1,
        col=1,
    )
    figure.add_scatter(
        name="predictions, with 95% CI",
        x=reliability.confidence[filled],
        y=accuracy,
        mode="markers",
        marker={"color": CORRECT, "size": 8},
        error_y=interval_bars(accuracy, low, high) | {"thickness": 1},
        customdata=np.stack([reliability.counts[filled], low, high], axis=1),
        hovertemplate="confidence %{x:.1%}, accuracy %{y:.1%} (%{customdata[1]:.1%} to "
        "%{customdata[2]:.1%}), %{customdata[0]:,} predictions<extra></extra>",
        row=1,
        col=1,
    )
    edges = reliability.edges
    figure.add_bar(
        name="predictions",
        x=(edges[:-1] + edges[1:]) / 2,
        y=reliability.counts,
        width=np.diff(edges) * 0.9,
        marker_color=MUTED,
        hovertemplate="%{y:,} predictions<extra></extra>",
        showlegend=False,
        row=2,
        col=1,
    )
    figure.update_xaxes(range=[0, 1.02], tickformat=".0%")
    figure.update_xaxes(title_text="confidence", row=2, col=1)
    figure.update_yaxes(title_text="accuracy", range=[0, 1.02], tickformat=".0%", row=1, col=1)
    figure.update_yaxes(title_text="predictions", type="log", dtick=1, row=2, col=1)
    return styled(figure, height=430)


def coverage_curves(
    curves: Mapping[str, RiskCoverage], selection: Selection | None = None
) -> go.Figure:
    """Accuracy against coverage, the share of images that are answered, most confident first.

    Args:
        curves: model name -> its curve.
        selection: a point of the first model to mark.
    """
    figure = new_figure(height=340)
    for index, (name, curve) in enumerate(curves.items()):
        coverage, accuracy, thresholds = thin_out(curve.coverage, 1 - curve.risk, curve.thresholds)
        figure.add_scatter(
            name=f"{name}, AURC {curve.aurc:.6f}",
            x=coverage,
            y=accuracy,
            mode="lines",
            line=line_style(index),
            customdata=thresholds,
            hovertemplate=f"{name}, confidence at least %{{customdata:.2%}}<br>"
            "coverage %{x:.1%}, accuracy %{y:.2%}<extra></extra>",
        )
    if selection is not None and selection.answered:
        figure.add_scatter(
            name=f"confidence at least {selection.threshold:.0%}",
            x=[selection.coverage],
            y=[selection.accuracy],
            mode="markers",
            marker={"color": INCORRECT, "size": 12, "symbol": "diamond"},
            hovertemplate="coverage %{x:.1%}, accuracy %{y:.2%}<extra></extra>",
        )
    figure.update_xaxes(title_text="coverage (share of images answered)", tickformat=".0%")
    figure.update_yaxes(title_text="accuracy of the answers", tickformat=".2%")
    return figure
