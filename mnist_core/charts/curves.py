"""ROC and precision-recall curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from mnist_core.charts.style import MUTED, line_style, new_figure, thin_out
from mnist_core.evaluation.curves import (
    MICRO,
    OperatingPoint,
    PrecisionRecall,
    PrecisionRecallCurve,
    Roc,
    RocCurve,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["RocView", "precision_recall_curves", "roc_curves"]

RocView = Literal["whole", "corner", "log"]
# Possible sides of the enlarged corner, the smallest first.
_CORNERS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
# Possible lower ends of the logarithmic view, if every curve is above.
_FLOORS = (0.95, 0.9, 0.8, 0.5)


def roc_curves(
    roc: Roc, view: RocView = "whole", points: Sequence[OperatingPoint] = ()
) -> go.Figure:
    """The ROC curve of each digit against the others, and their micro average.

    Args:
        roc: the curves.
        view: the complete curves; the upper left corner, large enough for the bend of every curve;
            or a logarithmic axis of false positive rates.
        points: operating points, shown as diamonds.
    """
    macro = "" if roc.macro_auc is None else f", macro {roc.macro_auc:.6f}"
    figure = _rate_axes(
        f"Area under the curve: micro {roc.micro.auc:.6f}{macro}",
        "false positive rate",
        "true positive rate",
    )
    curves = (*roc.curves, roc.micro)
    # A logarithmic axis has no 0: it is drawn at half the smallest positive rate.
    positive = np.concatenate([c.false_positive_rate[c.false_positive_rate > 0] for c in curves])
    least = float(positive.min()) / 2 if len(positive) else 1e-6
    for curve in curves:
        false_positives, true_positives, thresholds = thin_out(
            curve.false_positive_rate, curve.true_positive_rate, curve.thresholds
        )
        figure.add_scatter(
            name=f"{curve.name} ({curve.auc:.6f})",
            x=np.maximum(false_positives, least) if view == "log" else false_positives,
            y=true_positives,
            mode="lines",
            line=_line(curve),
            customdata=np.stack([np.minimum(thresholds, 1), false_positives], axis=1),
            hovertemplate=f"{curve.name}, threshold %{{customdata[0]:.4%}}<br>"
            "true positive rate %{y:.2%}<br>"
            "false positive rate %{customdata[1]:.4%}<extra></extra>",
        )
    rates = [point.false_positive_rate for point in points]
    _add_points(
        figure,
        points,
        x=[max(rate, least) if view == "log" else rate for rate in rates],
        y=[point.true_positive_rate for point in points],
        hover="true positive rate %{y:.2%}<br>false positive rate %{customdata[1]:.4%}",
    )
    _set_roc_axes(figure, roc, view, points, least)
    return figure


def _set_roc_axes(
    figure: go.Figure, roc: Roc, view: RocView, points: Sequence[OperatingPoint], least: float
) -> None:
    """Show the part of the plane that the view is of; `least` is the left end of a log axis."""
    curves = (*roc.curves, roc.micro)
    if view == "log":
        figure.update_xaxes(
            type="log",
            title_text="false positive rate (log)",
            range=[np.log10(least), 0],
            tickformat=".4~%",
            dtick=1,
        )
        lowest = min(c.true_positive_rate[c.false_positive_rate == 0].max() for c in curves)
        lowest = min([lowest, *(point.true_positive_rate for point in points)])
        floor = next((floor for floor in _FLOORS if lowest > floor), 0.0)
        figure.update_yaxes(range=[floor, 1 + (1 - floor) / 50])
    elif view == "corner":
        side = _corner_side(
            [(c.false_positive_rate, 1 - c.true_positive_rate) for c in curves],
            [max(p.false_positive_rate, 1 - p.true_positive_rate) for p in points],
        )
        figure.update_xaxes(range=[-side / 50, side])
        figure.update_yaxes(range=[1 - side, 1 + side / 50])
    else:
        figure.update_xaxes(range=[-0.01, 1])
        figure.update_yaxes(range=[0, 1.01])


def precision_recall_curves(
    curves: PrecisionRecall, points: Sequence[OperatingPoint] = (), *, corner: bool = False
) -> go.Figure:
    """The precision-recall curve of each digit, and their micro average.

    Args:
        curves: the curves.
        points: operating points, shown as diamonds.
        corner: only the upper right corner, large enough for the bend of every curve.
    """
    average = f"micro {curves.micro.average_precision:.6f}, macro {curves.macro_average:.6f}"
    figure = _rate_axes(f"Average precision: {average}", "recall", "precision")
    shown = (*curves.curves, curves.micro)
    for curve in shown:
        # The last point, with recall 0, has no threshold.
        thresholds = np.append(curve.thresholds, 1)
        precision, recall, thresholds = thin_out(curve.precision, curve.recall, thresholds)
        figure.add_scatter(
            name=f"{curve.name} ({curve.average_precision:.6f})",
            x=recall,
            y=precision,
            mode="lines",
            # Between two points, the precision is that of the point with higher recall.
            line=_line(curve) | {"shape": "hv"},
            customdata=thresholds,
            hovertemplate=f"{curve.name}, threshold %{{customdata:.4%}}<br>"
            "recall %{x:.2%}<br>precision %{y:.2%}<extra></extra>",
        )
    points = [point for point in points if point.precision is not None]
    _add_points(
        figure,
        points,
        x=[point.true_positive_rate for point in points],
        y=[point.precision or 0.0 for point in points],
        hover="recall %{x:.2%}<br>precision %{y:.2%}",
    )
    ends = [0.0, 1.01]
    if corner:
        side = _corner_side(
            [(1 - c.recall, 1 - c.precision) for c in shown],
            [1 - min(p.true_positive_rate, p.precision or 0.0) for p in points],
        )
        ends = [1 - side, 1 + side / 50]
    figure.update_xaxes(range=ends)
    figure.update_yaxes(range=ends)
    return figure


def _add_points(
    figure: go.Figure,
    points: Sequence[OperatingPoint],
    *,
    x: list[float],
    y: list[float],
    hover: str,
) -> None:
    """Add a diamond for each operating point, a large one for the micro average."""
    if not points:
        return
    colors = [MUTED if p.name == MICRO else line_style(int(p.name))["color"] for p in points]
    figure.add_scatter(
        name=f"at least {points[0].threshold:.1%}",
        x=x,
        y=y,
        mode="markers",
        marker={
            "symbol": "diamond",
            "size": [13 if point.name == MICRO else 8 for point in points],
            "color": colors,
            "line": {"width": 1, "color": "#FFFFFF"},
        },
        customdata=[(point.name, point.false_positive_rate) for point in points],
        hovertemplate=f"%{{customdata[0]}}, threshold {points[0].threshold:.1%}<br>"
        f"{hover}<extra></extra>",
    )


def _rate_axes(title: str, x_title: str, y_title: str) -> go.Figure:
    figure = new_figure(height=430, title={"text": title, "font": {"size": 14}})
    figure.update_xaxes(title_text=x_title, tickformat=".2~%")
    figure.update_yaxes(title_text=y_title, tickformat=".2~%")
    return figure


def _corner_side(
    curves: Sequence[tuple[NDArray[np.floating], NDArray[np.floating]]], points: Sequence[float]
) -> float:
    """Four times the distance of the worst curve from the perfect corner, rounded up.

    Args:
        curves: of each, the distances of its points from the corner along both axes.
        points: distances of operating points, which are within the corner, too.
    """
    distance = max(float(np.maximum(*distances).min()) for distances in curves)
    least = max([4 * distance, *points])
    return next((side for side in _CORNERS if side >= least), 1.0)


def _line(curve: RocCurve | PrecisionRecallCurve) -> dict[str, object]:
    if curve.name == MICRO:
        return {"color": MUTED, "dash": "dash", "width": 2}
    return line_style(int(curve.name))
