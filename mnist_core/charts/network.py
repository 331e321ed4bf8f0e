"""The layers of a network as blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mnist_core.charts.style import HIGHLIGHT, MUTED, TIGHT, new_figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from mnist_core.networks.summary import Layer

__all__ = ["network_drawing"]

# Lengths in px of the input image: between blocks, between branches, from a block to its name, and
# the width that a name needs.
_GAP, _BRANCH_GAP, _NAME_GAP, _NAME_WIDTH = 3.0, 22.0, 1.0, 7.5
# Height of the drawing with one row of blocks, and for each further branch, px.
_HEIGHT, _BRANCH_HEIGHT = 230, 75
_SHORT_NAMES = {"Conv2D": "Conv", "MaxPooling2D": "Pool"}


def network_drawing(layers: Sequence[Layer]) -> go.Figure:
    """A network from left to right: block height is image size, block width the number of channels.

    Branches are drawn one below the other. Layers without weights that keep the shape are left out.

    Args:
        layers: from the image to the logits.
    """
    branches = list(dict.fromkeys(layer.branch for layer in layers if layer.branch))
    middle = _BRANCH_GAP * (len(branches) - 1) / 2
    rows = {name: middle - _BRANCH_GAP * number for number, name in enumerate(branches)}
    height = _HEIGHT + _BRANCH_HEIGHT * max(0, len(branches) - 1)
    figure = new_figure(height=height, margin=TIGHT)
    # The right end of each branch so far; "" is what all branches share.
    ends = {"": _draw_block(figure, "image", (28, 28, 1), trainable=False, left=0.0, row=0.0)}
    for layer in layers:
        trainable = layer.parameters > 0 and layer.kind != "BatchNormalization"
        if not trainable and "Pooling" not in layer.kind:
            continue
        row = rows.get(layer.branch, 0.0)
        # Lines lead to a layer that joins the branches, and to the first layer of a branch.
        joined = [] if layer.branch else [name for name in branches if name in ends]
        starts = [(ends.pop(name), rows[name]) for name in joined]
        if layer.branch and layer.branch not in ends:
            starts = [(ends[""], 0.0)]
        # Twice the gap leaves room for the lines.
        left = max((x + _GAP for x, _ in starts), default=ends.get(layer.branch, 0.0)) + _GAP
        for start in starts:
            _draw_line(figure, start, (left + _side_space(layer.output), row))
        ends[layer.branch] = _draw_block(
            figure, layer.kind, layer.output, trainable=trainable, left=left, row=row
        )
    reach = max(16.0, middle + 6)
    figure.update_xaxes(range=[-_GAP, max(ends.values()) + _GAP], visible=False)
    figure.update_yaxes(range=[-reach - 9, reach + 1], visible=False)
    return figure


def _draw_block(
    figure: go.Figure,
    kind: str,
    shape: tuple[int, ...],
    *,
    trainable: bool,
    left: float,
    row: float,
) -> float:
    """Draw a block with its name below; return its right end."""
    height = float(shape[0]) if len(shape) > 1 else 4 + 3 * float(np.log2(shape[0]))
    space = _side_space(shape)
    bottom, top = row - height / 2, row + height / 2
    start, end = left + space, left + space + _block_width(shape)
    figure.add_scatter(
        x=[start, end, end, start, start],
        y=[bottom, bottom, top, top, bottom],
        fill="toself",
        mode="lines",
        line_color=HIGHLIGHT if trainable else MUTED,
        name=f"{kind} {'×'.join(map(str, shape))}",
        hoverinfo="name",
        hoverlabel={"namelength": -1},
        showlegend=False,
    )
    figure.add_annotation(
        x=(start + end) / 2,
        y=bottom - _NAME_GAP,
        yanchor="top",
        text=f"{_SHORT_NAMES.get(kind, kind)}<br>{'×'.join(map(str, shape))}",
        # From bottom to top: the blocks are closer together than their names are long.
        textangle=-90,
        align="right",
        font_size=12,
        showarrow=False,
    )
    return end + space


def _block_width(shape: tuple[int, ...]) -> float:
    return 1 + 1.2 * float(np.log2(shape[-1])) if len(shape) > 1 else 2.0


def _side_space(shape: tuple[int, ...]) -> float:
    """Space on each side of a block that is narrower than its name."""
    return max(0.0, _NAME_WIDTH - _block_width(shape)) / 2


def _draw_line(figure: go.Figure, start: tuple[float, float], end: tuple[float, float]) -> None:
    line = {"color": MUTED, "width": 1}
    figure.add_shape(
        type="line", x0=start[0], y0=start[1], x1=end[0], y1=end[1], line=line, layer="below"
    )
