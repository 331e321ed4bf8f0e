"""The ten probabilities of one digit as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnist_core.charts.style import HIGHLIGHT, MUTED, TIGHT, new_figure
from mnist_core.data import CLASSES

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["probability_bars"]


def probability_bars(probabilities: NDArray[np.float32], *, height: int = 150) -> go.Figure:
    """A bar for each of the ten digits, the most probable one highlighted.

    Args:
        probabilities: (10,), 0 to 1.
        height: of the figure, px.
    """
    best = int(np.argmax(probabilities))
    figure = new_figure(height=height, margin=TIGHT, bargap=0.25, showlegend=False)
    figure.add_bar(
        x=[str(digit) for digit in range(CLASSES)],
        y=probabilities.tolist(),
        marker_color=[HIGHLIGHT if digit == best else MUTED for digit in range(CLASSES)],
        hovertemplate="%{x}: %{y:.2%}<extra></extra>",
    )
    # A label for every digit, even in a narrow figure.
    figure.update_xaxes(type="category", tickangle=0, dtick=1, tickfont_size=12)
    figure.update_yaxes(range=[0, 1], tickformat=".0%", tickvals=[0, 0.5, 1], tickfont_size=12)
    return figure
