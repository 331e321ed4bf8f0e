"""What the figures of an evaluation have in common: colors, margins, axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = [
    "COLORS",
    "DASHES",
    "OTHERS",
    "RIGHT",
    "WINNER",
    "WRONG",
    "line_style",
    "styled",
    "thinned",
]

# Readable on a light and on a dark page, and apart for color-blind eyes (Okabe and Ito, 2008).
COLORS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7")
# Ten lines are five colors in two kinds of stroke: no ten colors can be told apart.
DASHES = ("solid", "dot")
RIGHT, WRONG = "#0072B2", "#D55E00"
# What stands out, and what stands beside it.
WINNER, OTHERS = "#0072B2", "#8A94A6"
# More points than a screen has pixels are no use to a browser.
_POINTS = 1000


def line_style(index: int) -> dict[str, Any]:
    """Color and stroke of the line of this index."""
    return {
        "color": COLORS[index % len(COLORS)],
        "dash": DASHES[index // len(COLORS) % len(DASHES)],
        "width": 2,
    }


def styled(figure: go.Figure, *, height: int, **layout: Any) -> go.Figure:
    """Give a figure its height (px), the legend under it, and what else is passed."""
    common = {
        "height": height,
        "margin": {"l": 10, "r": 10, "t": 36, "b": 10},
        "legend": {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0},
        "hovermode": "closest",
        "dragmode": False,
    }
    figure.update_layout(**(common | layout))
    figure.update_xaxes(automargin=True)
    figure.update_yaxes(automargin=True)
    return figure


def thinned(*columns: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """At most so many points of a curve as can be seen, its ends among them."""
    count = len(columns[0])
    if count <= _POINTS:
        return columns
    kept = np.unique(np.linspace(0, count - 1, _POINTS).round().astype(int))
    return tuple(column[kept] for column in columns)
