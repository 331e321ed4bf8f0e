"""Training curves and probability bars, by their numbers."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_core.charts import compared_curves, training_curves
from mnist_core.charts.probabilities import probability_bars
from mnist_core.charts.style import HIGHLIGHT


def test_probability_bars_show_the_probabilities_and_highlight_the_best() -> None:
    probabilities = np.array([0, 0, 0.1, 0, 0, 0, 0, 0.7, 0, 0.2], np.float32)
    (bars,) = probability_bars(probabilities).data
    assert bars.x == tuple("0123456789")
    assert bars.y == pytest.approx(probabilities)
    assert [color == HIGHLIGHT for color in bars.marker.color] == [
        digit == 7 for digit in range(10)
    ]


def test_probability_bars_have_an_axis_from_0_to_1() -> None:
    figure = probability_bars(np.full(10, 0.1, np.float32))
    assert figure.layout.yaxis.range == (0, 1)
    # Digits are categories: Plotly must not make a numeric scale of them.
    assert figure.layout.xaxis.type == "category"


@pytest.mark.parametrize("epochs", [0, 1, 3])
def test_training_curves_show_every_point(epochs: int) -> None:
    training = [(i / 10, 1 - i / 100, i / 100) for i in range(10 * epochs)]
    validation = [(i + 1.0, 0.5, 0.9) for i in range(epochs)]
    figure = training_curves(training, validation)
    curves = {(trace.name, trace.xaxis): trace for trace in figure.data}
    assert set(curves) == {(n, x) for n in ("training", "validation") for x in ("x", "x2")}
    accuracy, loss = curves["training", "x"], curves["training", "x2"]
    assert list(accuracy.x) == list(loss.x) == [point[0] for point in training]
    assert list(loss.y) == [point[1] for point in training]
    assert list(accuracy.y) == [point[2] for point in training]
    assert list(curves["validation", "x"].y) == [0.9] * epochs
    assert list(curves["validation", "x2"].y) == [0.5] * epochs


@pytest.mark.parametrize(("epochs", "mode"), [(30, "lines+markers"), (31, "lines")])
def test_training_curves_of_many_epochs_have_no_markers(epochs: int, mode: str) -> None:
    ends = [(i + 1.0, 0.5, 0.9) for i in range(epochs)]
    assert {trace.mode for trace in training_curves([(0.5, 1.0, 0.1)], ends).data[:2]} == {"lines"}
    assert {trace.mode for trace in training_curves([], ends).data[2:]} == {mode}


def test_compared_curves_show_each_training() -> None:
    figure = compared_curves({"a": [(1, 0.5, 0.9), (2, 0.4, 0.95)], "b": [(1, 0.7, 0.8)]})
    curves = {(trace.name, trace.xaxis): trace for trace in figure.data}
    assert list(curves["a", "x"].y) == [0.9, 0.95]
    assert list(curves["a", "x2"].y) == [0.5, 0.4]
    assert list(curves["b", "x2"].x) == [1]
    assert curves["a", "x"].line.color != curves["b", "x"].line.color
    # One entry in the legend per training.
    assert [trace.showlegend for trace in figure.data] == [True, False] * 2
