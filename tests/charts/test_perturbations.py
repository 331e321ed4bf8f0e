"""Charts of attacks and of changed weights, by their numbers."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_core.charts.perturbations import (
    accuracy_curves,
    answer_curves,
    change_image,
    part_bars,
)
from mnist_core.charts.style import AGAINST, CORRECT, FOR, INCORRECT
from mnist_core.perturbations.measurement import AccuracyCurve


def test_answer_curves_have_a_line_for_each_answer_and_the_runner_up() -> None:
    probabilities = np.zeros((3, 10), np.float32)
    probabilities[:, 4] = 0.9, 0.3, 0.1
    probabilities[:, 9] = 0.05, 0.5, 0.2
    probabilities[:, 8] = 0.0, 0.1, 0.6
    figure = answer_curves("PGD", [0, 0.1, 0.2], probabilities, selected=0.1)
    assert [line.name for line in figure.data] == ["4", "8", "9"]
    assert list(figure.data[1].y) == pytest.approx([0, 0.1, 0.6])
    assert figure.layout.shapes[0].x0 == 0.1
    bits = answer_curves("bits", [8, 4, 2], probabilities)
    # In the order of the change, not of the numbers.
    assert list(bits.data[0].x) == ["8", "4", "2"]
    assert bits.layout.xaxis.type == "category"


def test_accuracy_curves_have_intervals() -> None:
    curve = AccuracyCurve(row="FGSM", levels=(0.0, 0.1), correct=np.array([10, 5]), images=10)
    (line,) = accuracy_curves({"FGSM": curve}).data
    assert list(line.y) == [1, 0.5]
    low, high = curve.intervals[1]
    assert line.error_y.array[1] == pytest.approx(high - 0.5)
    assert line.error_y.arrayminus[1] == pytest.approx(0.5 - low)


def test_part_bars_mark_what_the_network_needs() -> None:
    (bars,) = part_bars(["a", "b"], np.array([0.95, 0.1]), 0.99, "accuracy").data
    assert list(bars.y) == ["a", "b"]
    assert list(bars.marker.color) == [CORRECT, INCORRECT]


def test_change_image_shows_added_and_removed_ink() -> None:
    frame = np.full((28, 28), 100, np.uint8)
    changed = frame.copy()
    changed[0, 0], changed[1, 0] = 120, 90
    picture = change_image(frame, changed, factor=1)
    assert tuple(picture[0, 0]) == FOR
    assert picture[1, 0] == pytest.approx(np.array(AGAINST) / 2, abs=1)
    assert not picture[2:].any()
    assert not change_image(frame, frame).any()
