"""Attacks and changed weights: the answers for one image, and the accuracy on many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.charts.style import (
    AGAINST,
    CORRECT,
    FOR,
    INCORRECT,
    MUTED,
    SERIES,
    TIGHT,
    interval_bars,
    line_style,
    new_figure,
)
from mnist_core.perturbations.measurement import AccuracyCurve

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["AXES", "accuracy_curves", "answer_curves", "change_image", "part_bars"]

# Titles of the axes of levels.
AXES = {
    "FGSM": "ε, the largest change of a pixel",
    "PGD": "ε, the largest change of a pixel",
    "noise": "s.d. of the noise, relative to that of the weights",
    "bits": "bits for each weight",
}
# Height of a bar and of everything around the bars, px.
_BAR, _MARGINS = 24, 60


def answer_curves(
    row: str,
    levels: Sequence[float],
    probabilities: NDArray[np.float32],
    *,
    selected: float | None = None,
    height: int = 260,
) -> go.Figure:
    """The probabilities of the digits that are the answer somewhere, and of the first runner-up.

    Args:
        row: a key of `AXES`.
        levels: (k,), weakest change first.
        probabilities: (k, 10).
        selected: level to mark by a vertical line.
        height: of the figure, px.
    """
    digits = {*probabilities.argmax(axis=1).tolist(), int(probabilities[0].argsort()[-2])}
    figure = new_figure(height=height, margin=TIGHT)
    for digit in sorted(digits):
        figure.add_scatter(
            name=str(digit),
            x=[f"{level:g}" for level in levels] if row == "bits" else list(levels),
            y=probabilities[:, digit],
            mode="lines+markers" if row in ("noise", "bits") else "lines",
            line=line_style(digit),
            hovertemplate=f"{digit} at %{{x}}: %{{y:.1%}}<extra></extra>",
        )
    if selected is not None:
        figure.add_vline(x=selected, line={"color": MUTED, "dash": "dash", "width": 1})
    _label_levels(figure, row)
    figure.update_yaxes(title_text="probability", tickformat=".0%", range=[-0.02, 1.02])
    return figure


def accuracy_curves(curves: Mapping[str, AccuracyCurve], *, height: int = 320) -> go.Figure:
    """Accuracy at each level with 95% intervals, a line for each name.

    Args:
        curves: name -> curve, all with the same kind of levels, which are numbers; at least one.
        height: of the figure, px.
    """
    figure = new_figure(height=height, showlegend=len(curves) > 1)
    row = next(iter(curves.values())).row
    for index, (name, curve) in enumerate(curves.items()):
        low, high = curve.intervals.T
        figure.add_scatter(
            name=name,
            x=[f"{level:g}" for level in curve.levels] if row == "bits" else list(curve.levels),
            y=curve.accuracy,
            mode="lines+markers",
            line_color=SERIES[index % len(SERIES)],
            error_y=interval_bars(curve.accuracy, low, high) | {"thickness": 1},
            customdata=curve.intervals,
            hovertemplate=f"{name} at %{{x}}: %{{y:.1%}} (%{{customdata[0]:.1%}} to "
            "%{customdata[1]:.1%})<extra></extra>",
        )
    _label_levels(figure, row)
    figure.update_yaxes(title_text="accuracy", tickformat=".0%", range=[0, 1.02])
    return figure


def part_bars(
    parts: Sequence[str], values: NDArray[np.floating], complete: float, title: str
) -> go.Figure:
    """A bar for each layer and branch that was switched off, in the order of computation.

    Args:
        parts: (k,) their names.
        values: (k,) what is left without each of them, 0 to 1.
        complete: the value of the complete network, a dashed line.
        title: of the axis of values.
    """
    figure = new_figure(height=_MARGINS + _BAR * len(parts), margin=TIGHT, showlegend=False)
    figure.add_bar(
        y=list(parts),
        x=values,
        orientation="h",
        marker_color=[CORRECT if value >= complete / 2 else INCORRECT for value in values],
        hovertemplate="without %{y}: %{x:.1%}<extra></extra>",
    )
    figure.add_vline(x=complete, line={"color": MUTED, "dash": "dash", "width": 1})
    figure.update_xaxes(title_text=title, tickformat=".0%", range=[0, 1.02])
    figure.update_yaxes(type="category", autorange="reversed", dtick=1)
    return figure


def _label_levels(figure: go.Figure, row: str) -> None:
    figure.update_xaxes(
        title_text=AXES[row],
        type="category" if row == "bits" else None,
        tickformat=".0%" if row == "noise" else None,
    )


def change_image(
    frame: NDArray[np.uint8], changed: NDArray[np.uint8], *, factor: int = 4
) -> NDArray[np.uint8]:
    """What was added to an image in blue and what was taken away in orange, the largest brightest.

    Args:
        frame: (28, 28) uint8.
        changed: (28, 28) uint8.
        factor: side of each enlarged pixel, px.

    Returns:
        (28 factor, 28 factor, 3) RGB uint8; black where nothing changed.
    """
    difference = changed.astype(np.float32) - frame
    difference /= max(1.0, float(np.abs(difference).max()))
    colors = np.where(difference[..., np.newaxis] > 0, FOR, AGAINST)
    picture = (np.abs(difference)[..., np.newaxis] * colors).astype(np.uint8)
    return cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST)
