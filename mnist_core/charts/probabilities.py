"""The ten probabilities of one digit as bars."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

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
    import plotly.graph_objects as go

    best = int(np.argmax(probabilities))
    bars, layout = _empty(height)
    colors = [HIGHLIGHT if digit == best else MUTED for digit in range(CLASSES)]
    bars = {**bars, "y": probabilities.tolist(), "marker": {"color": colors}}
    # All but the numbers was checked before. Checking takes 16 ms, a third of what the Draw page
    # needs to show a digit; without, it is 1 ms.
    return go.Figure({"data": [bars], "layout": layout}, _validate=False)


@lru_cache(maxsize=8)
def _empty(height: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The bars without heights and colors, and the layout."""
    figure = new_figure(height=height, margin=TIGHT, bargap=0.25, showlegend=False)
    figure.add_bar(
        x=[str(digit) for digit in range(CLASSES)],
        hovertemplate="%{x}: %{y:.2%}<extra></extra>",
    )
    # A label for every digit, even in a narrow figure.
    figure.update_xaxes(type="category", tickangle=0, dtick=1, tickfont_size=12)
    figure.update_yaxes(range=[0, 1], tickformat=".0%", tickvals=[0, 0.5, 1], tickfont_size=12)
    content = figure.to_plotly_json()
    return content["data"][0], content["layout"]
