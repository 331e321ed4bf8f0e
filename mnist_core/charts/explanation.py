"""What a network saw in a digit, as pictures: evidence, heat, layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.explanation.activations import Activation
from mnist_core.explanation.occlusion import Perturbation

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["evidence_map", "heat_over", "layer_tiles", "perturbation_image"]

# Sky blue and orange on black: apart for every kind of color-blind eyes (Okabe and Ito, 2008).
FOR, AGAINST = (86, 180, 233), (230, 130, 0)
# So many shades between nothing and the strongest.
_SHADES = 5
# A dim digit, so that what lies over it is seen.
_DIGIT = [[0, "rgb(0,0,0)"], [1, "rgb(150,150,150)"]]


def evidence_map(
    frame: NDArray[np.uint8],
    evidence: NDArray[np.float32],
    *,
    limit: float | None = None,
    side: int = 230,
) -> go.Figure:
    """Evidence laid over the digit: blue speaks for it, orange against it.

    Args:
        frame: (28, 28) uint8, white ink on black.
        evidence: (28, 28), one digit's of an `Explanation`.
        limit: what has the full color; None: the strongest there is. Give the same to maps that
            are to be compared.
        side: of the figure, px.
    """
    limit = float(np.abs(evidence).max()) if limit is None else limit
    scale = _shades(AGAINST)[::-1] + _shades(FOR)
    steps = np.r_[np.linspace(0, 0.5, _SHADES + 1), np.linspace(0.5, 1, _SHADES + 1)]
    return _over(
        frame,
        evidence,
        # A scale from 0 to 0 has no colors; nothing is to be seen then anyway.
        (-max(limit, 1e-6), max(limit, 1e-6)),
        list(zip(steps.tolist(), scale, strict=True)),
        "row %{y}, column %{x}: %{z:+.1f}<extra></extra>",
        side,
    )


def heat_over(frame: NDArray[np.uint8], heat: NDArray[np.float32], *, side: int = 230) -> go.Figure:
    """Heat laid over the digit, such as Grad-CAM's.

    Args:
        frame: (28, 28) uint8, white ink on black.
        heat: (28, 28), 0 to 1.
        side: of the figure, px.
    """
    scale = list(zip(np.linspace(0, 1, _SHADES + 1).tolist(), _shades(AGAINST), strict=True))
    hover = "row %{y}, column %{x}: %{z:.0%}<extra></extra>"
    return _over(frame, heat, (0, 1), scale, hover, side)


def _shades(color: tuple[int, int, int]) -> list[str]:
    """From nothing to the full color, which lets a little of the digit through."""
    red, green, blue = color
    return [
        f"rgba({red},{green},{blue},{0.85 * step / _SHADES:.2f})" for step in range(_SHADES + 1)
    ]


def _over(
    frame: NDArray[np.uint8],
    values: NDArray[np.float32],
    span: tuple[float, float],
    scale: list[tuple[float, str]],
    hover: str,
    side: int,
) -> go.Figure:
    import plotly.graph_objects as go

    figure = go.Figure(
        [
            go.Heatmap(
                z=frame, zmin=0, zmax=255, colorscale=_DIGIT, showscale=False, hoverinfo="skip"
            ),
            go.Heatmap(
                z=values,
                zmin=span[0],
                zmax=span[1],
                colorscale=scale,
                showscale=False,
                hovertemplate=hover,
            ),
        ]
    )
    figure.update_layout(
        width=side,
        height=side,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        xaxis={"visible": False, "fixedrange": True},
        # Rows count downwards, and pixels are square.
        yaxis={"visible": False, "fixedrange": True, "autorange": "reversed", "scaleanchor": "x"},
    )
    return figure


def perturbation_image(change: Perturbation, *, factor: int = 6) -> NDArray[np.uint8]:
    """A changed image with a frame around the patch that was changed.

    Args:
        change: from an `Explanation`.
        factor: how many pixels each of the image's becomes.

    Returns:
        (28 factor, 28 factor, 3) RGB uint8.
    """
    grey = cv2.resize(change.frame, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST)
    picture = cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)
    x, y, width, height = (factor * value for value in change.box)
    line = max(1, factor // 2)
    # Around the patch, but within the picture.
    start = (max(0, x - line), max(0, y - line))
    end = tuple(min(picture.shape[0] - 1, v + line - 1) for v in (x + width, y + height))
    cv2.rectangle(picture, start, end, AGAINST, line)
    return picture


def layer_tiles(layer: Activation, *, width: int = 640) -> NDArray[np.uint8]:
    """What a layer made of an image: a tile for each channel, or a cell for each unit.

    Dark blue is the least of the layer and yellow the most (cividis: Nuñez, Anderton and Renslow,
    2018), which every kind of color-blind eyes orders alike.

    Args:
        layer: from `ActivationReader.layers`.
        width: about so wide is the picture, px; tiles are enlarged by whole factors.

    Returns:
        (h, w, 4) RGBA uint8, transparent between the tiles.
    """
    values = layer.values if layer.values.ndim == 3 else layer.values[np.newaxis, np.newaxis]
    low, high = float(values.min()), float(values.max())
    levels = ((values - low) / max(high - low, 1e-12) * 255).astype(np.uint8)
    height, across, channels = levels.shape
    # Rows of tiles: a power of two, as the layers' sizes mostly are; a picture wider than high.
    columns = min(channels, 16 if across > 1 else 32)
    factor = max(1, width // (columns * across + columns))
    gap = max(1, factor // 2)
    rows = -(-channels // columns)
    picture = np.zeros(
        (rows * (height * factor + gap) - gap, columns * (across * factor + gap) - gap, 4), np.uint8
    )
    for channel in range(channels):
        tile = np.kron(levels[..., channel], np.ones((factor, factor), np.uint8))
        top = channel // columns * (height * factor + gap)
        left = channel % columns * (across * factor + gap)
        colored = cv2.applyColorMap(tile, cv2.COLORMAP_CIVIDIS)
        place = picture[top : top + tile.shape[0], left : left + tile.shape[1]]
        place[..., :3], place[..., 3] = colored[..., ::-1], 255
    return picture
