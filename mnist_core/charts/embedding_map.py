"""The map of a network's features as a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_core.explanation.embedding_map import EmbeddingMap

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["braille", "map_figure"]

# Ten that color-blind eyes tell apart, on light and dark pages (after P. Tol's "muted", its dark
# blue and its purple made lighter).
DIGITS = (
    "#6655CC",
    "#88CCEE",
    "#44AA99",
    "#117733",
    "#999933",
    "#DDCC77",
    "#CC6677",
    "#AA3366",
    "#BB66BB",
    "#9A9A9A",
)
YOURS = "#FFB000"
# The bits of a braille character's dots: two columns of four.
_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_BLANK = 0x2800


def braille(frame: NDArray[np.uint8]) -> str:
    """An image as text, a dot for every pixel of ink: what Plotly can show beside the pointer.

    Args:
        frame: (28, 28) uint8, white ink on black.

    Returns:
        7 lines of 14 braille characters, parted by "<br>".
    """
    dots = (frame >= 96).reshape(7, 4, 14, 2)
    codes = _BLANK + np.einsum("rich,ih->rc", dots, _DOTS)
    return "<br>".join("".join(map(chr, row)) for row in codes.tolist())


def map_figure(
    features: EmbeddingMap,
    *,
    axes: int = 2,
    drawn: NDArray[np.float32] | None = None,
    drawn_names: list[str] | None = None,
    looked_at: NDArray[np.float32] | None = None,
    errors_only: bool = False,
    height: int = 560,
) -> go.Figure:
    """The map: a point for each image in its digit's color, errors as crosses.

    Each point's custom data begins with its place in `features`; hovering shows the image.

    Args:
        features: the map.
        axes: 2, or 3 for a map to turn.
        drawn: (m, 3) positions of new drawings, shown as stars; from `EmbeddingMap.place`.
        drawn_names: m names for them, such as "your 4".
        looked_at: (3,) the place of the image that is looked at, marked by a ring.
        errors_only: leave out what was read rightly.
        height: of the figure, px.
    """
    import plotly.graph_objects as go

    scatter = go.Scattergl if axes == 2 else go.Scatter3d
    names = ("x", "y", "z")[:axes]
    figure = go.Figure()

    def add(places: NDArray[np.float32], **options: Any) -> None:
        coordinates = {name: places[:, axis] for axis, name in enumerate(names)}
        figure.add_trace(scatter(mode="markers", **coordinates, **options))

    pictures = [braille(frame) for frame in features.frames]
    texts = [
        f"{picture}<br>a {label}"
        + (f", read as {answer}" if label != answer else "")
        + f" ({p:.1%})<br>test image {image}"
        for picture, image, label, answer, p in zip(
            pictures,
            features.chosen.tolist(),
            features.labels.tolist(),
            features.answers.tolist(),
            features.confidence.tolist(),
            strict=True,
        )
    ]

    def of(chosen: NDArray[np.intp]) -> dict[str, Any]:
        return {
            # Lists: of an array the browser would send a table back.
            "customdata": chosen[:, np.newaxis].tolist(),
            "text": [texts[place] for place in chosen],
            "hovertemplate": "%{text}<extra></extra>",
        }

    for digit, color in enumerate(DIGITS):
        chosen = np.flatnonzero((features.labels == digit) & ~features.wrong)
        if not errors_only:
            add(
                features.places[chosen],
                name=str(digit),
                marker={"color": color, "size": 5 if axes == 2 else 2.5, "opacity": 0.75},
                **of(chosen),
            )
    if not errors_only:
        _name_the_groups(figure, features, axes)
    wrong = np.flatnonzero(features.wrong)
    add(
        features.places[wrong],
        name="error",
        marker={
            "symbol": "x" if axes == 2 else "cross",
            "size": 11 if axes == 2 else 5,
            "color": [DIGITS[label] for label in features.labels[wrong]],
            "line": {"width": 1.5, "color": "#D00000"},
        },
        **of(wrong),
    )
    if drawn is not None and len(drawn):
        add(
            drawn,
            name="drawn",
            text=drawn_names or ["drawn just now"] * len(drawn),
            hovertemplate="%{text}<extra></extra>",
            marker={
                "symbol": "star" if axes == 2 else "diamond",
                "size": 20 if axes == 2 else 9,
                "color": YOURS,
                "line": {"width": 2, "color": "#000000"},
            },
        )
    if looked_at is not None:
        add(
            looked_at[np.newaxis],
            name="looked at",
            hoverinfo="skip",
            marker={
                "symbol": "circle-open",
                "size": 22 if axes == 2 else 14,
                "color": YOURS,
                "line": {"width": 3, "color": YOURS},
            },
        )
    titles = {
        f"{name}axis": {
            "title": {"text": f"component {axis + 1} ({features.explained[axis]:.0%})"},
            "showticklabels": False,
            "zeroline": False,
        }
        for axis, name in enumerate(names)
    }
    figure.update_layout(
        **(titles if axes == 2 else {"scene": titles}),
        height=height,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        legend={"orientation": "h", "y": -0.1, "itemsizing": "constant"},
        hoverlabel={"font": {"family": "DejaVu Sans Mono, monospace", "size": 13}, "align": "left"},
        # Turned or enlarged, it stays so when a digit is drawn.
        uirevision="map",
    )
    return figure


def _name_the_groups(figure: go.Figure, features: EmbeddingMap, axes: int) -> None:
    """A digit in the middle of each group: colors alone would leave some eyes out."""
    for digit in range(len(DIGITS)):
        group = features.places[features.labels == digit]
        if len(group):
            middle = np.median(group, axis=0)[:axes].tolist()
            label = {
                **dict(zip("xyz", middle, strict=False)),
                "text": f"<b>{digit}</b>",
                "showarrow": False,
                "font": {"size": 16, "color": "#FFFFFF"},
                "bgcolor": "rgba(0,0,0,0.55)",
                "borderpad": 2,
            }
            if axes == 2:
                figure.add_annotation(label)
            else:
                scene = figure.layout.scene
                scene.annotations = [*scene.annotations, label]
