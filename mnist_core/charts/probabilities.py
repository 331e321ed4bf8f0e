"""The ten probabilities of one digit as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnist_core.charts.style import OTHERS, WINNER

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["probability_bars"]


def probability_bars(probabilities: NDArray[np.float32], *, height: int = 150) -> go.Figure:
    """A bar for each of the ten digits, the most probable one marked.

    Args:
        probabilities: (10,), 0 to 1.
        height: of the figure, px.
    """
    import plotly.graph_objects as go

    digits = np.arange(len(probabilities))
    best = int(np.argmax(probabilities))
    figure = go.Figure(
        go.Bar(
            x=[str(digit) for digit in digits],
            y=[float(p) for p in probabilities],
            marker_color=[WINNER if digit == best else OTHERS for digit in digits],
            hovertemplate="%{x}: %{y:.2%}<extra></extra>",
        )
    )
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        bargap=0.25,
        showlegend=False,
        # Every digit has its label, however narrow the figure is.
        xaxis={
            "type": "category",
            "fixedrange": True,
            "tickangle": 0,
            "dtick": 1,
            "tickfont": {"size": 10},
        },
        yaxis={
            "range": [0, 1],
            "tickformat": ".0%",
            "tickvals": [0, 0.5, 1],
            "tickfont": {"size": 10},
            "fixedrange": True,
        },
    )
    return figure
