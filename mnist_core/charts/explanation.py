"""Explanations as images: evidence, heat maps, activations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.charts.style import AGAINST, FOR, new_figure
from mnist_core.explanation.activations import Activation
from mnist_core.explanation.occlusion import Perturbation

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["evidence_map", "heat_over", "layer_tiles", "perturbation_image"]

# Steps from transparent to the full color.
_SHADES = 5
# A dim digit, so that the colors over it are visible.
_DIGIT = [[0, "rgb(0,0,0)"], [1, "rgb(150,150,150)"]]


def evidence_map(
    frame: NDArray[np.uint8],
    evidence: NDArray[np.float32],
    *,
    limit: float | None = None,
    side: int = 230,
) -> go.Figure:
    """Evidence over the image of a digit: blue for the digit, orange against it.

    Args:
        frame: (28, 28) uint8, white ink on black.
        evidence: (28, 28), of one digit, from an `Explanation`.
        limit: evidence with the full color, the same for maps to be compared; None for the maximum.
        side: of the figure, px.
    """
    limit = float(np.abs(evidence).max()) if limit is None else limit
    scale = _shades(AGAINST)[::-1] + _shades(FOR)
    steps = np.r_[np.linspace(0, 0.5, _SHADES + 1), np.linspace(0.5, 1, _SHADES + 1)]
    return _overlay(
        frame,
        evidence,
        # A range from 0 to 0 has no colors.
        (-max(limit, 1e-6), max(limit, 1e-6)),
        list(zip(steps.tolist(), scale, strict=True)),
        "row %{y}, column %{x}: %{z:+.1f}<extra></extra>",
        side,
    )


def heat_over(frame: NDArray[np.uint8], heat: NDArray[np.float32], *, side: int = 230) -> go.Figure:
    """A heat map, such as Grad-CAM's, over the image of a digit.

    Args:
        frame: (28, 28) uint8, white ink on black.
        heat: (28, 28), 0 to 1.
        side: of the figure, px.
    """
    scale = list(zip(np.linspace(0, 1, _SHADES + 1).tolist(), _shades(AGAINST), strict=True))
    hover = "row %{y}, column %{x}: %{z:.0%}<extra></extra>"
    return _overlay(frame, heat, (0, 1), scale, hover, side)


def _shades(color: tuple[int, int, int]) -> list[str]:
    """From transparent to the full color, which is slightly transparent as well."""
    red, green, blue = color
    return [
        f"rgba({red},{green},{blue},{0.85 * step / _SHADES:.2f})" for step in range(_SHADES + 1)
    ]


def _overlay(
    frame: NDArray[np.uint8],
    values: NDArray[np.float32],
    limits: tuple[float, float],
    scale: list[tuple[float, str]],
    hover: str,
    side: int,
) -> go.Figure:
    low, high = limits
    figure = new_figure(height=side, width=side, margin={"l": 0, "r": 0, "t": 0, "b": 0})
    figure.add_heatmap(z=frame, zmin=0, zmax=255, colorscale=_DIGIT, hoverinfo="skip")
    figure.add_heatmap(z=values, zmin=low, zmax=high, colorscale=scale, hovertemplate=hover)
    figure.update_traces(showscale=False)
    figure.update_xaxes(visible=False)
    # Row 0 is at the top, and pixels are square.
    figure.update_yaxes(visible=False, autorange="reversed", scaleanchor="x")
    return figure


def perturbation_image(perturbation: Perturbation, *, factor: int = 6) -> NDArray[np.uint8]:
    """The perturbed image with a frame around the changed patch.

    Args:
        perturbation: from an `Explanation`.
        factor: side of each enlarged pixel, px.

    Returns:
        (28 factor, 28 factor, 3) RGB uint8.
    """
    grey = cv2.resize(
        perturbation.frame, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST
    )
    picture = cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)
    x, y, width, height = (factor * value for value in perturbation.box)
    line = max(1, factor // 2)
    # Around the patch, within the image.
    start = (max(0, x - line), max(0, y - line))
    end = tuple(min(picture.shape[0] - 1, v + line - 1) for v in (x + width, y + height))
    cv2.rectangle(picture, start, end, AGAINST, line)
    return picture


def layer_tiles(layer: Activation, *, width: int = 640) -> NDArray[np.uint8]:
    """The activations of a layer: a tile for each channel, or a cell for each unit.

    From dark blue for the layer's minimum to yellow for its maximum (cividis: Nuñez, Anderton and
    Renslow, 2018, made for color-blind readers).

    Args:
        layer: from `ActivationReader.layers`.
        width: approximate width of the image, px; tiles are enlarged by whole factors.

    Returns:
        (h, w, 4) RGBA uint8, transparent between the tiles.
    """
    values = layer.values if layer.values.ndim == 3 else layer.values[np.newaxis, np.newaxis]
    low, high = float(values.min()), float(values.max())
    levels = ((values - low) / max(high - low, 1e-12) * 255).astype(np.uint8)
    tile_height, tile_width, channels = levels.shape
    # A power of two, as most numbers of channels are multiples of one.
    columns = min(channels, 16 if tile_width > 1 else 32)
    factor = max(1, width // (columns * tile_width + columns))
    gap = max(1, factor // 2)
    rows = -(-channels // columns)
    # Every tile with a gap below and to the right of it.
    height, width = tile_height * factor + gap, tile_width * factor + gap
    picture = np.zeros((rows, height, columns, width, 4), np.uint8)
    for channel in range(channels):
        tile = levels[..., channel].repeat(factor, axis=0).repeat(factor, axis=1)
        colored = cv2.applyColorMap(tile, cv2.COLORMAP_CIVIDIS)
        row, column = divmod(channel, columns)
        picture[row, :-gap, column, :-gap] = cv2.cvtColor(colored, cv2.COLOR_BGR2RGBA)
    return picture.reshape(rows * height, columns * width, 4)[:-gap, :-gap]
