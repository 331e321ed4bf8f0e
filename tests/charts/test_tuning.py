"""The charts of a search, by their numbers and against Optuna's own."""

from __future__ import annotations

import math

import numpy as np
import optuna
import pytest
from optuna.visualization import plot_parallel_coordinate

from mnist_core.charts import importance_bars, parallel_coordinates

VALUES = {
    "learning_rate": (0.001, 0.01, 0.0001),
    "batch_size": (128, 32, 512),
    "dropout": (0.3, 0.15, 0.3),
    "optimizer": ("adam", "sgd", "adam"),
}
ACCURACIES = (0.98, 0.91, 0.97)


def test_parallel_coordinates_have_an_axis_for_each_setting_and_the_accuracy() -> None:
    (lines,) = parallel_coordinates(VALUES, ACCURACIES).data
    axes = {axis.label: axis for axis in lines.dimensions}
    assert list(axes) == ["learning rate", "batch size", "dropout", "optimizer", "accuracy"]
    assert list(axes["learning rate"]["values"]) == pytest.approx([-3, -2, -4])
    assert list(axes["learning rate"].ticktext)[::4] == ["0.0001", "0.01"]
    # Names, and numbers of which only some are possible, are at equal distances.
    assert list(axes["batch size"]["values"]) == [1, 0, 2]
    assert list(axes["batch size"].ticktext) == ["32", "128", "512"]
    assert list(axes["optimizer"]["values"]) == [0, 1, 0]
    assert list(axes["optimizer"].ticktext) == ["adam", "sgd"]
    assert list(axes["dropout"]["values"]) == [0.3, 0.15, 0.3]
    assert list(axes["accuracy"]["values"]) == list(lines.line.color) == list(ACCURACIES)


def test_parallel_coordinates_show_the_lines_of_optuna() -> None:
    study = optuna.create_study(direction="maximize")
    space = {
        "learning_rate": optuna.distributions.FloatDistribution(1e-5, 1, log=True),
        "dropout": optuna.distributions.FloatDistribution(0, 0.7),
    }
    for number, accuracy in enumerate(ACCURACIES):
        params = {name: VALUES[name][number] for name in space}
        study.add_trial(optuna.create_trial(params=params, distributions=space, value=accuracy))
    theirs = [line for line in plot_parallel_coordinate(study).data if line.mode == "lines"]
    (ours,) = parallel_coordinates({name: VALUES[name] for name in space}, ACCURACIES).data
    found = {axis.label: scaled(axis["values"]) for axis in ours.dimensions}
    # Optuna draws from the accuracy to the settings in alphabetical order, each from 0 to 1.
    expected = np.array([line.y for line in theirs]).T
    assert np.allclose([found["accuracy"], found["dropout"], found["learning rate"]], expected)


def scaled(values: tuple[float, ...]) -> np.ndarray:
    """Numbers from 0 to 1."""
    column = np.array(values)
    return (column - column.min()) / (column.max() - column.min())


@pytest.mark.parametrize("values", [{"learning_rate": (0.001,)}, {"dropout": (0.5,)}, {}])
def test_parallel_coordinates_of_one_trial(values: dict[str, tuple[float, ...]]) -> None:
    (lines,) = parallel_coordinates(values, (0.9,)).data
    assert [list(axis["values"]) for axis in lines.dimensions][-1] == [0.9]
    assert all(math.isfinite(value) for axis in lines.dimensions for value in axis["values"])


def test_importance_bars_are_sorted() -> None:
    (bars,) = importance_bars({"dropout": 0.2, "learning_rate": 0.7, "batch_size": 0.1}).data
    assert list(bars.y) == ["batch size", "dropout", "learning rate"]
    assert list(bars.x) == [0.1, 0.2, 0.7]
