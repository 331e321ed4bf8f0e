"""Figures, by the numbers in them."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_core.charts import WINNER, probability_bars, training_curves


def test_probability_bars_show_the_probabilities_and_mark_the_best() -> None:
    probabilities = np.array([0, 0, 0.1, 0, 0, 0, 0, 0.7, 0, 0.2], np.float32)
    (bars,) = probability_bars(probabilities).data
    assert bars.x == tuple("0123456789")
    assert bars.y == pytest.approx(probabilities)
    assert [colour == WINNER for colour in bars.marker.color] == [digit == 7 for digit in range(10)]


def test_probability_bars_always_reach_from_nothing_to_certainty() -> None:
    figure = probability_bars(np.full(10, 0.1, np.float32))
    assert figure.layout.yaxis.range == (0, 1)
    # Digits are names here, not quantities: Plotly must not make a scale of them.
    assert figure.layout.xaxis.type == "category"


@pytest.mark.parametrize("epochs", [0, 1, 3])
def test_training_curves_show_every_point(epochs: int) -> None:
    training = [(i / 10, 1 - i / 100, i / 100) for i in range(10 * epochs)]
    held_out = [(i + 1.0, 0.5, 0.9) for i in range(epochs)]
    figure = training_curves(training, held_out)
    curves = {(trace.name, trace.xaxis): trace for trace in figure.data}
    assert set(curves) == {(n, x) for n in ("training", "held out") for x in ("x", "x2")}
    accuracy, loss = curves["training", "x"], curves["training", "x2"]
    assert list(accuracy.x) == list(loss.x) == [point[0] for point in training]
    assert list(loss.y) == [point[1] for point in training]
    assert list(accuracy.y) == [point[2] for point in training]
    assert list(curves["held out", "x"].y) == [0.9] * epochs
    assert list(curves["held out", "x2"].y) == [0.5] * epochs
