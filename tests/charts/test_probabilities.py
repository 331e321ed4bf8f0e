"""Probability bars, by their numbers."""

from __future__ import annotations

import numpy as np
import pytest

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


def test_figures_share_nothing() -> None:
    figure = probability_bars(np.full(10, 0.1, np.float32))
    figure.update_layout(height=77).data[0].marker.color = ["red"] * 10
    another = probability_bars(np.full(10, 0.1, np.float32))
    assert another.layout.height == 150
    assert another.data[0].marker.color[0] == HIGHLIGHT
