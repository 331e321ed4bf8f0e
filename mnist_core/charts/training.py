"""Accuracy and loss by epoch, of one training or of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mnist_core.charts.style import SERIES

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["compared_curves", "history_curves", "training_curves"]

# More epochs than this have no markers.
_MAX_MARKERS = 30

# (number of epochs, loss, accuracy), accuracy 0 to 1.
Epoch = tuple[float, float, float]


def training_curves(training: list[Epoch], validation: list[Epoch]) -> go.Figure:
    """Accuracy and loss of one training, side by side.

    Args:
        training: on the training images, during the epochs.
        validation: on the validation images, at the end of each epoch.
    """
    return _side_by_side({"training": training, "validation": validation}, ("Accuracy", "Loss"))


def history_curves(history: Mapping[str, Sequence[float]]) -> go.Figure:
    """Accuracy and loss of each epoch of a finished training.

    Args:
        history: "loss", "accuracy", "val_loss" and "val_accuracy", one value per epoch.
    """
    epochs = range(1, len(history["loss"]) + 1)
    return training_curves(
        list(zip(epochs, history["loss"], history["accuracy"], strict=True)),
        list(zip(epochs, history["val_loss"], history["val_accuracy"], strict=True)),
    )


def compared_curves(runs: dict[str, list[Epoch]]) -> go.Figure:
    """Accuracy and loss of several trainings on the validation images, side by side.

    Args:
        runs: name of each training -> its values at the end of each epoch.
    """
    return _side_by_side(runs, ("Validation accuracy", "Validation loss"))


def _side_by_side(lines: Mapping[str, Sequence[Epoch]], titles: tuple[str, str]) -> go.Figure:
    """Accuracy and loss by epoch; a line for each name."""
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=1, cols=2, subplot_titles=titles)
    for number, (name, points) in enumerate(lines.items()):
        epochs = [point[0] for point in points]
        # Many markers would hide the line.
        marked = len(points) <= _MAX_MARKERS and all(epoch == int(epoch) for epoch in epochs)
        for column, value in ((1, 2), (2, 1)):
            figure.add_scatter(
                x=epochs,
                y=[point[value] for point in points],
                name=name,
                mode="lines+markers" if marked else "lines",
                line_color=SERIES[number % len(SERIES)],
                legendgroup=name,
                showlegend=column == 1,
                row=1,
                col=column,
            )
    figure.update_xaxes(title_text="epoch", rangemode="tozero")
    figure.update_yaxes(tickformat=".1%", row=1, col=1)
    figure.update_layout(
        height=320,
        margin={"l": 0, "r": 0, "t": 30, "b": 0},
        legend={"orientation": "h", "y": -0.25},
    )
    return figure
