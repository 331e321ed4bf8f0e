"""Loss and accuracy while a network learns, and of several trainings side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["compared_curves", "history_curves", "training_curves"]

# Readable on a light and on a dark page, and apart for color-blind eyes (Okabe and Ito, 2008).
TRAINING, VALIDATION = "#0072B2", "#E69F00"
SEVERAL = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
# Up to so many epochs have a mark each.
_MARKED = 30

# (epochs so far, loss, accuracy), accuracy 0 to 1.
Epoch = tuple[float, float, float]


def training_curves(training: list[Epoch], validation: list[Epoch]) -> go.Figure:
    """Loss and accuracy while a network learns, side by side.

    Args:
        training: as the run goes.
        validation: at the end of each epoch, on the held-out images.
    """
    return _side_by_side(
        {"training": (training, TRAINING), "held out": (validation, VALIDATION)},
        ("Accuracy", "Loss"),
    )


def history_curves(history: Mapping[str, Sequence[float]]) -> go.Figure:
    """Loss and accuracy of each epoch of a training that is over.

    Args:
        history: "loss", "accuracy", "val_loss" and "val_accuracy", a value an epoch each.
    """
    epochs = range(1, len(history["loss"]) + 1)
    return training_curves(
        list(zip(epochs, history["loss"], history["accuracy"], strict=True)),
        list(zip(epochs, history["val_loss"], history["val_accuracy"], strict=True)),
    )


def compared_curves(runs: dict[str, list[Epoch]]) -> go.Figure:
    """Accuracy and loss on the held-out images of several trainings, side by side.

    Args:
        runs: what to call each one -> what it had reached at the end of each of its epochs.
    """
    return _side_by_side(
        {
            name: (points, SEVERAL[number % len(SEVERAL)])
            for number, (name, points) in enumerate(runs.items())
        },
        ("Accuracy, held out", "Loss, held out"),
    )


def _side_by_side(
    lines: Mapping[str, tuple[Sequence[Epoch], str]], titles: tuple[str, str]
) -> go.Figure:
    """Accuracy and loss by epoch; each line has a name, its points and a color."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=1, cols=2, subplot_titles=titles)
    for name, (points, color) in lines.items():
        epochs = [point[0] for point in points]
        # Single epochs are marked; many marks would hide what lies behind them.
        marked = len(points) <= _MARKED and all(epoch == int(epoch) for epoch in epochs)
        for column, value in ((1, 2), (2, 1)):
            figure.add_trace(
                go.Scatter(
                    x=epochs,
                    y=[point[value] for point in points],
                    name=name,
                    mode="lines+markers" if marked else "lines",
                    line_color=color,
                    legendgroup=name,
                    showlegend=column == 1,
                ),
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
