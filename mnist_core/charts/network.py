"""A network's layers, drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mnist_core.charts.style import OTHERS, WINNER

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from mnist_core.networks.summary import Layer

__all__ = ["network_drawing"]

# Between two blocks, between two branches, from a block to its name, and the least that a name
# takes; in pixels of the image that the network looks at.
_GAP, _APART, _BELOW, _NAME = 3.0, 22.0, 1.0, 7.5
# Height of the drawing, px, of one row of blocks and for each branch more.
_HEIGHT, _MORE = 230, 75
_SHORT = {"Conv2D": "Conv", "MaxPooling2D": "Pool"}


def network_drawing(layers: Sequence[Layer]) -> go.Figure:
    """A network as blocks from left to right: as high as its images, as wide as they are many.

    Branches lie one below the other. Layers that change neither shape nor have weights are left
    out.

    Args:
        layers: from the image to the logits.
    """
    import plotly.graph_objects as go

    branches = list(dict.fromkeys(layer.branch for layer in layers if layer.branch))
    middle = _APART * (len(branches) - 1) / 2
    rows = {name: middle - _APART * number for number, name in enumerate(branches)}
    figure = go.Figure()
    right = {"": _block(figure, "image", (28, 28, 1), weighs=False, left=0.0, row=0.0)}
    for layer in layers:
        weighs = layer.parameters > 0 and layer.kind != "BatchNormalization"
        if not weighs and "Pooling" not in layer.kind:
            continue
        row = rows.get(layer.branch, 0.0)
        # Where each of them ends, if branches come together here; where they part, if one begins.
        together = [] if layer.branch else [name for name in branches if name in right]
        starts = [(right.pop(name), rows[name]) for name in together]
        if layer.branch and layer.branch not in right:
            starts = [(right[""], 0.0)]
        if starts:
            left = max(start for start, _ in starts) + 2 * _GAP
        else:
            left = right[layer.branch] + _GAP
        for start in starts:
            _line(figure, start, (left + _aside(layer.output), row))
        right[layer.branch] = _block(
            figure, layer.kind, layer.output, weighs=weighs, left=left, row=row
        )
    figure.update_layout(
        height=_HEIGHT + _MORE * max(0, len(branches) - 1),
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
    )
    figure.update_xaxes(range=[-_GAP, max(right.values()) + _GAP], visible=False, fixedrange=True)
    reach = max(16.0, middle + 6)
    figure.update_yaxes(range=[-reach - 9, reach + 1], visible=False, fixedrange=True)
    return figure


def _block(
    figure: go.Figure, kind: str, shape: tuple[int, ...], *, weighs: bool, left: float, row: float
) -> float:
    """Draw a block and its name below it; where it ends on the right."""
    import plotly.graph_objects as go

    picture = len(shape) > 1
    high = float(shape[0]) if picture else 4 + 3 * float(np.log2(shape[0]))
    wide, aside = _wide(shape), _aside(shape)
    size = "×".join(map(str, shape))
    bottom, top = row - high / 2, row + high / 2
    start, end = left + aside, left + aside + wide
    figure.add_trace(
        go.Scatter(
            x=[start, end, end, start, start],
            y=[bottom, bottom, top, top, bottom],
            fill="toself",
            mode="lines",
            line_color=WINNER if weighs else OTHERS,
            name=f"{kind} {size}",
            hoverinfo="name",
            hoverlabel={"namelength": -1},
            showlegend=False,
        )
    )
    figure.add_annotation(
        x=(start + end) / 2,
        y=bottom - _BELOW,
        yanchor="top",
        text="<br>".join([_SHORT.get(kind, kind), *_lines(shape)]),
        font_size=9,
        showarrow=False,
    )
    return end + aside


def _wide(shape: tuple[int, ...]) -> float:
    return 1 + 1.2 * float(np.log2(shape[-1])) if len(shape) > 1 else 2.0


def _aside(shape: tuple[int, ...]) -> float:
    """Room on each side of a block that is narrower than its name."""
    return max(0.0, _NAME - _wide(shape)) / 2


def _lines(shape: tuple[int, ...]) -> list[str]:
    """A size in words that are short enough for a phone."""
    sides = "×".join(map(str, shape[:-1]))
    return [sides, f"×{shape[-1]}"] if sides else [str(shape[-1])]


def _line(figure: go.Figure, start: tuple[float, float], end: tuple[float, float]) -> None:
    figure.add_shape(
        type="line",
        x0=start[0],
        y0=start[1],
        x1=end[0],
        y1=end[1],
        line={"color": OTHERS, "width": 1},
        layer="below",
    )
