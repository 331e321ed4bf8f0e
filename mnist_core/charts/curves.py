"""Figures of ROC and precision-recall curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from mnist_core.charts.style import line_style, styled, thinned
from mnist_core.evaluation.curves import MICRO, PrecisionRecall, PrecisionRecallCurve, Roc, RocCurve

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["RocView", "precision_recall_curves", "roc_curves"]

RocView = Literal["whole", "corner", "log"]
# Sides of the corner that can be looked at close up, the smallest first.
_CORNERS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
# Where the logarithmic view may begin, if every curve begins higher.
_FLOORS = (0.95, 0.9, 0.8, 0.5)


def roc_curves(roc: Roc, view: RocView = "whole") -> go.Figure:
    """A curve a digit, and that of all together.

    Args:
        roc: the curves.
        view: all of it; only the upper left corner, large enough for every curve's bend; or false
            alarms on a logarithmic axis.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    curves = (*roc.curves, roc.micro)
    # On a logarithmic axis there is no 0: it is drawn where half the rarest false alarm would be.
    positive = np.concatenate([c.false_positive_rate[c.false_positive_rate > 0] for c in curves])
    least = float(positive.min()) / 2 if len(positive) else 1e-6
    for curve in curves:
        alarms, hits, thresholds = thinned(
            curve.false_positive_rate, curve.true_positive_rate, curve.thresholds
        )
        figure.add_trace(
            go.Scatter(
                name=f"{curve.name} ({curve.auc:.6f})",
                x=np.maximum(alarms, least) if view == "log" else alarms,
                y=hits,
                mode="lines",
                line=_line(curve),
                customdata=np.stack([np.minimum(thresholds, 1), alarms], axis=1),
                hovertemplate=f"{curve.name} from %{{customdata[0]:.4%}} on: %{{y:.2%}} found, "
                "%{customdata[1]:.4%} false alarms<extra></extra>",
            )
        )
    figure.update_xaxes(title_text="false positive rate", tickformat=".2~%", fixedrange=True)
    figure.update_yaxes(title_text="true positive rate", tickformat=".2~%", fixedrange=True)
    if view == "log":
        figure.update_xaxes(
            type="log",
            title_text="false positive rate (log)",
            range=[np.log10(least), 0],
            tickformat=".4~%",
            dtick=1,
        )
        lowest = min(c.true_positive_rate[c.false_positive_rate == 0].max() for c in curves)
        floor = next((floor for floor in _FLOORS if lowest > floor), 0.0)
        figure.update_yaxes(range=[floor, 1 + (1 - floor) / 50])
    elif view == "corner":
        side = _corner(curves)
        figure.update_xaxes(range=[-side / 50, side])
        figure.update_yaxes(range=[1 - side, 1 + side / 50])
    else:
        figure.update_xaxes(range=[-0.01, 1])
        figure.update_yaxes(range=[0, 1.01])
    macro = "" if roc.macro_auc is None else f", macro {roc.macro_auc:.6f}"
    title = f"Area under the curve: micro {roc.micro.auc:.6f}{macro}"
    return styled(figure, height=430, title={"text": title, "font": {"size": 14}})


def _corner(curves: tuple[RocCurve, ...]) -> float:
    """A side four times as long as the worst curve is away from perfect, rounded up."""
    away = max(
        float(np.maximum(curve.false_positive_rate, 1 - curve.true_positive_rate).min())
        for curve in curves
    )
    return next((side for side in _CORNERS if side >= 4 * away), 1.0)


def precision_recall_curves(curves: PrecisionRecall, *, corner: bool = False) -> go.Figure:
    """A curve a digit, and that of all together.

    Args:
        curves: the curves.
        corner: only the upper right corner, large enough for every curve's bend.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    shown = (*curves.curves, curves.micro)
    for curve in shown:
        # The last point has no threshold: it is where nothing is found any more.
        thresholds = np.append(curve.thresholds, 1)
        precision, recall, thresholds = thinned(curve.precision, curve.recall, thresholds)
        figure.add_trace(
            go.Scatter(
                name=f"{curve.name} ({curve.average_precision:.6f})",
                x=recall,
                y=precision,
                mode="lines",
                # Between two points, precision is that of the one with more recall.
                line=_line(curve) | {"shape": "hv"},
                customdata=thresholds,
                hovertemplate=f"{curve.name} from %{{customdata:.4%}} on: %{{x:.2%}} found, "
                "%{y:.2%} of the answers right<extra></extra>",
            )
        )
    figure.update_xaxes(title_text="recall", tickformat=".2~%", fixedrange=True)
    figure.update_yaxes(title_text="precision", tickformat=".2~%", fixedrange=True)
    if corner:
        away = max(float(np.maximum(1 - c.recall, 1 - c.precision).min()) for c in shown)
        side = next((side for side in _CORNERS if side >= 4 * away), 1.0)
        figure.update_xaxes(range=[1 - side, 1 + side / 50])
        figure.update_yaxes(range=[1 - side, 1 + side / 50])
    else:
        figure.update_xaxes(range=[0, 1.01])
        figure.update_yaxes(range=[0, 1.01])
    title = (
        f"Average precision: micro {curves.micro.average_precision:.6f}, "
        f"macro {curves.macro_average:.6f}"
    )
    return styled(figure, height=430, title={"text": title, "font": {"size": 14}})


def _line(curve: RocCurve | PrecisionRecallCurve) -> dict[str, object]:
    if curve.name == MICRO:
        return {"color": "#8A94A6", "dash": "dash", "width": 2}
    return line_style(int(curve.name))
