"""Training curves, by their numbers."""

from __future__ import annotations

import pytest

from mnist_core.charts import compared_curves, history_curves, training_curves


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


def test_history_curves_have_a_point_per_epoch() -> None:
    history = {
        "loss": [0.5, 0.25], "accuracy": [0.8, 0.9], "val_loss": [0.4, 0.3],
        "val_accuracy": [0.85, 0.88],
    }  # fmt: skip
    curves = {(trace.name, trace.xaxis): trace for trace in history_curves(history).data}
    assert list(curves["training", "x"].x) == [1, 2]
    assert list(curves["training", "x2"].y) == [0.5, 0.25]
    assert list(curves["validation", "x"].y) == [0.85, 0.88]
