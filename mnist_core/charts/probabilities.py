"""The ten probabilities of one digit as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnist_core.charts.style import HIGHLIGHT, MUTED

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["probability_bars"]


def probability_bars(probabilities: NDArray[np.float32], *, height: int = 150) -> go.Figure:
    """A bar for each of the ten digits, the most probable one highlighted.

    Args:
        probabilities: (10,), 0 to 1.
        height: of the figure, px.
    """
    import plotly.graph_objects as go

    best = int(np.argmax(probabilities))
    digits = range(len(probabilities))
    figure = go.Figure(
        go.Bar(
            x=[str(digit) for digit in digits],
            y=[float(p) for p in probabilities],
            marker_color=[HIGHLIGHT if digit == best else MUTED for digit in digits],
            hovertemplate="%{x}: %{y:.2%}<extra></extra>",
        )
    )
    axis = {"fixedrange": True, "tickfont": {"size": 10}}
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        bargap=0.25,
        showlegend=False,
        # A label for every digit, even in a narrow figure.
        xaxis=axis | {"type": "category", "tickangle": 0, "dtick": 1},
        yaxis=axis | {"range": [0, 1], "tickformat": ".0%", "tickvals": [0, 0.5, 1]},
    )
    return figure
