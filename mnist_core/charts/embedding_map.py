"""The embeddings of test images as a scatter plot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from mnist_core.charts.style import DIGIT_COLORS, DRAWN
from mnist_core.data import CLASSES
from mnist_core.explanation.embedding_map import EmbeddingMap

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["DragMode", "braille", "map_figure"]

# Plotly's names: move the map, a rectangle, any outline.
DragMode = Literal["pan", "select", "lasso"]

# The bits of a braille character: two columns of four dots.
_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_BLANK = 0x2800
# Sizes of the markers of digits, errors, drawings and the selected image, by number of axes.
_SIZES = {2: (5.0, 11, 20, 22), 3: (2.5, 5, 9, 14)}


def braille(frame: NDArray[np.uint8]) -> str:
    """An image as text, a dot for every pixel of ink: Plotly's hover labels show no images.

    Args:
        frame: (28, 28) uint8, white ink on black.

    Returns:
        7 lines of 14 braille characters, separated by "<br>".
    """
    dots = (frame >= 96).reshape(7, 4, 14, 2)
    codes = _BLANK + np.einsum("rich,ih->rc", dots, _DOTS)
    return "<br>".join("".join(map(chr, row)) for row in codes.tolist())


def map_figure(
    embedding: EmbeddingMap,
    *,
    axes: int = 2,
    drawn: NDArray[np.float32] | None = None,
    drawn_names: list[str] | None = None,
    selected: NDArray[np.float32] | None = None,
    errors_only: bool = False,
    drag: DragMode = "pan",
    height: int = 560,
) -> go.Figure:
    """A point for each image in its digit's color, errors as crosses; its index is custom data.

    Args:
        embedding: the embedded test images.
        axes: 2, or 3 for a plot that can be rotated.
        drawn: (m, k) positions of new drawings, shown as stars; from `EmbeddingMap.project`.
        drawn_names: m names for them, such as "your 4".
        selected: (k,) position of the selected image, marked by a ring.
        errors_only: leave out correct predictions.
        drag: what dragging does on a flat map: move it, or select images.
        height: of the figure, px.
    """
    import plotly.graph_objects as go

    flat = axes == 2
    figure = go.Figure()

    def add(positions: NDArray[np.float32], **options: Any) -> None:
        trace = go.Scattergl if flat else go.Scatter3d
        coordinates = dict(zip("xyz"[:axes], positions.T, strict=False))
        figure.add_trace(trace(mode="markers", **coordinates, **options))

    for images in _image_traces(embedding, axes, errors_only):
        add(**images)
    if drawn is not None and len(drawn):
        names = drawn_names or ["your drawing"] * len(drawn)
        add(drawn, text=names, **_drawn_trace(axes))
    if selected is not None:
        add(selected[np.newaxis], **_selected_trace(axes))
    layout = _axis_titles(embedding, axes)
    if not errors_only:
        layout["annotations"] = _digit_labels(embedding, axes)
    figure.update_layout(
        **({**layout, "dragmode": drag} if flat else {"scene": layout}),
        height=height,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        legend={"orientation": "h", "y": -0.1, "itemsizing": "constant"},
        hoverlabel={"font": {"family": "DejaVu Sans Mono, monospace", "size": 13}, "align": "left"},
        # Rotation and zoom are kept when a digit is drawn.
        uirevision="map",
    )
    return figure


def _drawn_trace(axes: int) -> dict[str, Any]:
    """The options of the stars."""
    marker = {
        "symbol": "star" if axes == 2 else "diamond",
        "size": _SIZES[axes][2],
        "color": DRAWN,
        "line": {"width": 2, "color": "#000000"},
    }
    return {"name": "drawn", "hovertemplate": "%{text}<extra></extra>", "marker": marker}


def _selected_trace(axes: int) -> dict[str, Any]:
    """The options of the ring."""
    marker = {
        "symbol": "circle-open",
        "size": _SIZES[axes][3],
        "color": DRAWN,
        "line": {"width": 3, "color": DRAWN},
    }
    return {"name": "selected", "hoverinfo": "skip", "marker": marker}


def _image_traces(
    embedding: EmbeddingMap, axes: int, errors_only: bool
) -> Iterator[dict[str, Any]]:
    """The options of a trace for each digit, and of one for the errors."""
    point_size, error_size, *_ = _SIZES[axes]
    texts = _hover_texts(embedding)

    def options(indices: NDArray[np.intp], name: str, marker: dict[str, Any]) -> dict[str, Any]:
        return {
            "positions": embedding.positions[indices],
            # A list: Streamlit returns an array as a table.
            "customdata": indices[:, np.newaxis].tolist(),
            "text": [texts[index] for index in indices],
            "hovertemplate": "%{text}<extra></extra>",
            "name": name,
            "marker": marker,
        }

    for digit, color in enumerate(() if errors_only else DIGIT_COLORS):
        correct = np.flatnonzero((embedding.labels == digit) & ~embedding.is_error)
        yield options(correct, str(digit), {"color": color, "size": point_size, "opacity": 0.75})
    errors = np.flatnonzero(embedding.is_error)
    marker = {
        "symbol": "x" if axes == 2 else "cross",
        "size": error_size,
        "color": [DIGIT_COLORS[label] for label in embedding.labels[errors]],
        "line": {"width": 1.5, "color": "#D00000"},
    }
    yield options(errors, "error", marker)


def _hover_texts(embedding: EmbeddingMap) -> list[str]:
    """The image, its digits and its number, for each point."""
    columns = zip(
        embedding.frames,
        embedding.indices.tolist(),
        embedding.labels.tolist(),
        embedding.predicted.tolist(),
        embedding.confidence.tolist(),
        strict=True,
    )
    return [
        f"{braille(frame)}<br>true {label}"
        + (f", predicted {predicted}" if label != predicted else "")
        + f" ({confidence:.1%})<br>test image {index}"
        for frame, index, label, predicted, confidence in columns
    ]


def _digit_labels(embedding: EmbeddingMap, axes: int) -> list[dict[str, Any]]:
    """Each digit in the middle of its points, for readers who cannot distinguish the colors."""
    labels = []
    for digit in range(CLASSES):
        positions = embedding.positions[embedding.labels == digit]
        if len(positions):
            middle = np.median(positions, axis=0).tolist()
            labels.append(
                {
                    **dict(zip("xyz"[:axes], middle, strict=False)),
                    "text": f"<b>{digit}</b>",
                    "showarrow": False,
                    "font": {"size": 16, "color": "#FFFFFF"},
                    "bgcolor": "rgba(0,0,0,0.55)",
                    "borderpad": 2,
                }
            )
    return labels


def _axis_titles(embedding: EmbeddingMap, axes: int) -> dict[str, Any]:
    shares = zip("xyz"[:axes], embedding.explained_variance, strict=False)
    return {
        f"{name}axis": {
            "title": {"text": f"component {number} ({share:.0%})"},
            "showticklabels": False,
            "zeroline": False,
        }
        for number, (name, share) in enumerate(shares, 1)
    }
