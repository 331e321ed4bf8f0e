"""Colors, lines and layout that the charts share.

All colors are readable on light and dark backgrounds and distinguishable by color-blind readers (M.
Okabe and K. Ito, "Color Universal Design", 2008; the ten digits after P. Tol's palette "muted").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = [
    "AGAINST",
    "CORRECT",
    "DIGIT_COLORS",
    "DRAWN",
    "FOR",
    "HIGHLIGHT",
    "INCORRECT",
    "MUTED",
    "SERIES",
    "TIGHT",
    "interval_bars",
    "line_style",
    "new_figure",
    "styled",
    "thin_out",
]

BLUE, ORANGE, GREEN = "#0072B2", "#E69F00", "#009E73"
VERMILION, PINK, SKY_BLUE = "#D55E00", "#CC79A7", "#56B4E9"
# Runs and models, in this order.
SERIES = (BLUE, ORANGE, GREEN, PINK, VERMILION, SKY_BLUE, "#999999")
CORRECT, INCORRECT = BLUE, VERMILION
HIGHLIGHT, MUTED = BLUE, "#8A94A6"
# RGB. Evidence for and against a digit, on black.
FOR, AGAINST = (86, 180, 233), (230, 130, 0)
DIGIT_COLORS = (
    *("#6655CC", "#88CCEE", "#44AA99", "#117733", "#999933"),
    *("#DDCC77", "#CC6677", "#AA3366", "#BB66BB", "#9A9A9A"),
)
DRAWN = "#FFB000"
# Ten lines are five colors, solid and dotted: ten colors would be too similar.
_LINE_COLORS, _DASHES = (BLUE, ORANGE, GREEN, VERMILION, PINK), ("solid", "dot")
# More points would not be visible on a screen.
_MAX_POINTS = 1000
# Margins of figures without a title, px.
TIGHT = {"l": 0, "r": 0, "t": 8, "b": 0}


def line_style(index: int) -> dict[str, Any]:
    """Color, dash and width of line number `index`, from 0."""
    return {
        "color": _LINE_COLORS[index % len(_LINE_COLORS)],
        "dash": _DASHES[index // len(_LINE_COLORS) % len(_DASHES)],
        "width": 2,
    }


def interval_bars(
    values: NDArray[np.floating], low: NDArray[np.floating], high: NDArray[np.floating]
) -> dict[str, Any]:
    """Error bars from `low` to `high` around values."""
    return {"type": "data", "symmetric": False, "array": high - values, "arrayminus": values - low}


def new_figure(*, height: int, **layout: Any) -> go.Figure:
    """An empty figure for one plot, in the style of `styled`."""
    import plotly.graph_objects as go

    return styled(go.Figure(), height=height, **layout)


def styled(figure: go.Figure, *, height: int, **layout: Any) -> go.Figure:
    """Set a figure's height (px), fixed axes, the legend below it, and further layout."""
    common = {
        "height": height,
        "margin": {"l": 10, "r": 10, "t": 36, "b": 10},
        "legend": {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0},
        "hovermode": "closest",
        "dragmode": False,
    }
    figure.update_layout(**(common | layout))
    figure.update_xaxes(automargin=True, fixedrange=True)
    figure.update_yaxes(automargin=True, fixedrange=True)
    return figure


def thin_out(*columns: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """The points of a curve, or 1,000 of them at equal steps, its ends included."""
    count = len(columns[0])
    if count <= _MAX_POINTS:
        return columns
    indices = np.unique(np.linspace(0, count - 1, _MAX_POINTS).round().astype(int))
    return tuple(column[indices] for column in columns)
