"""Figures of what a model answered: the confusion matrix, the digits, the confidences."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mnist_core.charts.style import COLORS, RIGHT, WRONG, line_style, styled, thinned
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
# Bars begin below the least of them: at 99 %, bars from 0 would all look the same.
_FLOORS = (0.99, 0.98, 0.95, 0.9, 0.8, 0.5)


def confusion_matrix(
    evaluation: Evaluation, *, rates: bool = False, errors_only: bool = False, log: bool = True
) -> go.Figure:
    """True digits down, answers across. The points of its second trace can be clicked.

    Args:
        evaluation: a model's answers.
        rates: shares of the true digit's images instead of counts.
        errors_only: leave the diagonal out.
        log: color by the logarithm, so that single errors can be seen beside thousands.
    """
    import plotly.graph_objects as go

    counts = evaluation.confusion
    shares = counts / np.maximum(evaluation.support, 1)[:, np.newaxis]
    shown = (counts > 0) & ~(errors_only & np.eye(CLASSES, dtype=bool))
    values = np.where(shown, shares if rates else counts, np.nan)
    text = [[_cell(value, rates) for value in row] for row in values]
    levels = np.log10(values) if log else values
    low, high = np.nanmin(levels, initial=np.inf), np.nanmax(levels, initial=-np.inf)
    heat = go.Heatmap(
        x=DIGITS,
        y=DIGITS,
        z=levels,
        # The darkest fifth of the colors would be lost on a dark page.
        zmin=low - 0.25 * (high - low),
        zmax=high,
        text=text,
        texttemplate="%{text}",
        colorscale="Cividis",
        xgap=1,
        ygap=1,
        hoverinfo="skip",
        showscale=False,
    )
    # A heat map cannot be selected from; invisible points over its cells can.
    truths, answers = np.indices(counts.shape).reshape(2, -1)
    cells = go.Scatter(
        x=[DIGITS[answer] for answer in answers],
        y=[DIGITS[truth] for truth in truths],
        mode="markers",
        marker={"symbol": "square", "size": 30, "opacity": 0, "color": "#FFFFFF"},
        selected={"marker": {"opacity": 0.35}},
        unselected={"marker": {"opacity": 0}},
        customdata=np.stack([counts.ravel(), shares.ravel()], axis=1),
        hovertemplate="%{y} read as %{x}: %{customdata[0]:,} images, "
        "%{customdata[1]:.2%} of the %{y}s<extra></extra>",
        showlegend=False,
    )
    figure = styled(go.Figure([heat, cells]), height=420)
    # The digits are names. The first is above, as in a table.
    figure.update_xaxes(title_text="read as", type="category", constrain="domain", fixedrange=True)
    figure.update_yaxes(
        title_text="true digit",
        type="category",
        autorange="reversed",
        scaleanchor="x",
        constrain="domain",
        constraintoward="top",
        fixedrange=True,
    )
    figure.update_xaxes(showgrid=False, range=[-0.5, CLASSES - 0.5], tickvals=DIGITS)
    figure.update_yaxes(showgrid=False, tickvals=DIGITS)
    return figure


def _cell(value: float, rates: bool) -> str:
    if np.isnan(value):
        return ""
    return f"{value:.1%}" if rates else f"{value:,.0f}"


def class_bars(evaluation: Evaluation) -> go.Figure:
    """Precision, recall and F1 of each digit. The axis does not begin at 0, and says so."""
    import plotly.graph_objects as go

    measures = {
        "precision": evaluation.precision,
        "recall": evaluation.recall,
        "F1": evaluation.f1,
    }
    least = min(float(values[evaluation.support > 0].min()) for values in measures.values())
    floor = next((floor for floor in _FLOORS if least > floor), 0.0)
    figure = go.Figure(
        [
            go.Bar(
                name=name,
                x=DIGITS,
                y=values,
                marker_color=color,
                customdata=evaluation.support,
                hovertemplate=f"%{{x}}: {name} %{{y:.2%}}, %{{customdata:,}} images<extra></extra>",
            )
            for (name, values), color in zip(measures.items(), COLORS, strict=False)
        ]
    )
    figure.update_xaxes(title_text="digit", type="category", fixedrange=True, tickvals=DIGITS)
    figure.update_yaxes(
        title_text=f"share (axis from {floor:.0%})" if floor else "share",
        range=[floor, 1],
        tickformat=".1%" if floor > 0.9 else ".0%",
        fixedrange=True,
    )
    return styled(figure, height=340, barmode="group", bargap=0.25)


def confidence_bars(histogram: ConfidenceHistogram) -> go.Figure:
    """How sure the right and the wrong answers were, on a logarithmic scale."""
    import plotly.graph_objects as go

    edges = histogram.edges
    ranges = [f"{low:.0%} to {high:.0%}" for low, high in pairwise(edges)]
    figure = go.Figure(
        [
            go.Bar(
                name=name,
                x=(edges[:-1] + edges[1:]) / 2,
                y=counts,
                marker_color=color,
                customdata=ranges,
                hovertemplate=f"%{{customdata}} sure: %{{y:,}} {name}<extra></extra>",
            )
            for name, counts, color in (
                ("right", histogram.correct, RIGHT),
                ("wrong", histogram.incorrect, WRONG),
            )
        ]
    )
    figure.update_xaxes(title_text="confidence", tickformat=".0%", range=[0, 1], fixedrange=True)
    top = np.log10(max(2, int(max(histogram.correct.max(), histogram.incorrect.max()))))
    # From half an image, so that a bar of one image has a height.
    figure.update_yaxes(
        title_text="images (log)",
        type="log",
        range=[np.log10(0.5), float(top) + 0.15],
        dtick=1,
        fixedrange=True,
    )
    return styled(figure, height=340, barmode="group", bargap=0.1)


def reliability_diagram(reliability: Reliability) -> go.Figure:
    """Accuracy against confidence with its intervals, above how many answers there are."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    filled = reliability.counts > 0
    confidence, accuracy = reliability.confidence[filled], reliability.accuracy[filled]
    low, high = reliability.intervals[filled].T
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, row_heights=[0.75, 0.25], vertical_spacing=0.06
    )
    figure.add_trace(
        go.Scatter(
            name="perfectly calibrated",
            x=[0, 1],
            y=[0, 1],
            mode="lines",
            line={"color": "#8A94A6", "dash": "dash", "width": 1},
            hoverinfo="skip",
        ),
        row=1,
        col=1,
    )
    figure.add_trace(
        go.Scatter(
            name="answers, with 95 % intervals",
            x=confidence,
            y=accuracy,
            mode="markers",
            marker={"color": RIGHT, "size": 8},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": high - accuracy,
                "arrayminus": accuracy - low,
                "thickness": 1,
            },
            customdata=np.stack([reliability.counts[filled], low, high], axis=1),
            hovertemplate="%{x:.1%} sure, %{y:.1%} right (%{customdata[1]:.1%} to "
            "%{customdata[2]:.1%}), %{customdata[0]:,} answers<extra></extra>",
        ),
        row=1,
        col=1,
    )
    edges = reliability.edges
    figure.add_trace(
        go.Bar(
            name="answers",
            x=(edges[:-1] + edges[1:]) / 2,
            y=reliability.counts,
            width=np.diff(edges) * 0.9,
            marker_color="#8A94A6",
            hovertemplate="%{y:,} answers<extra></extra>",
            showlegend=False,
        ),
        row=2,
        col=1,
    )
    figure.update_xaxes(range=[0, 1.02], tickformat=".0%", fixedrange=True)
    figure.update_xaxes(title_text="confidence", row=2, col=1)
    figure.update_yaxes(
        title_text="accuracy", range=[0, 1.02], tickformat=".0%", fixedrange=True, row=1, col=1
    )
    figure.update_yaxes(title_text="answers", type="log", dtick=1, fixedrange=True, row=2, col=1)
    return styled(figure, height=430)


def coverage_curves(
    curves: Mapping[str, RiskCoverage], selection: Selection | None = None
) -> go.Figure:
    """Accuracy of the answers against the share of images answered, the surest first.

    Args:
        curves: model name -> its curve.
        selection: a point to mark, of the first model.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for index, (name, curve) in enumerate(curves.items()):
        coverage, accuracy, thresholds = thinned(curve.coverage, 1 - curve.risk, curve.thresholds)
        figure.add_trace(
            go.Scatter(
                name=f"{name}, area {curve.aurc:.6f}",
                x=coverage,
                y=accuracy,
                mode="lines",
                line=line_style(index),
                customdata=thresholds,
                hovertemplate=f"{name}: at least %{{customdata:.2%}} sure: %{{x:.1%}} answered, "
                "%{y:.2%} right<extra></extra>",
            )
        )
    if selection is not None and selection.answered:
        figure.add_trace(
            go.Scatter(
                name=f"at least {selection.threshold:.0%} sure",
                x=[selection.coverage],
                y=[selection.accuracy],
                mode="markers",
                marker={"color": WRONG, "size": 12, "symbol": "diamond"},
                hovertemplate="%{x:.1%} answered, %{y:.2%} right<extra></extra>",
            )
        )
    figure.update_xaxes(title_text="share of images answered", tickformat=".0%", fixedrange=True)
    figure.update_yaxes(title_text="accuracy of the answers", tickformat=".2%", fixedrange=True)
    return styled(figure, height=340)
