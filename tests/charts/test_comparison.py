"""Charts that compare models, by their numbers."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_core.charts import accuracy_intervals, difference_intervals
from mnist_core.evaluation.comparison import compare
from mnist_core.evaluation.metrics import Evaluation, evaluate_probabilities


def evaluation_of(*answers: int) -> Evaluation:
    """Answers to images of a 3."""
    return evaluate_probabilities(
        np.eye(10, dtype=np.float32)[list(answers)], np.full(len(answers), 3)
    )


ODD = {
    "perfect": evaluation_of(3, 3, 3, 3),
    "worst": evaluation_of(1, 2, 4, 5),
    "half": evaluation_of(3, 3, 5, 5),
}


def test_accuracy_intervals_show_the_intervals() -> None:
    (points,) = accuracy_intervals(ODD).data
    assert points.y == tuple(ODD)
    assert points.x == pytest.approx([1, 0, 0.5])
    for place, evaluation in enumerate(ODD.values()):
        low, high = evaluation.interval
        assert points.x[place] + points.error_x.array[place] == pytest.approx(high)
        assert points.x[place] - points.error_x.arrayminus[place] == pytest.approx(low)


def test_difference_intervals_are_in_percentage_points() -> None:
    pairs = {
        f"{a} - {b}": compare(ODD[a], ODD[b])
        for a, b in (("perfect", "worst"), ("half", "perfect"), ("half", "half"))
    }
    figure = difference_intervals(pairs)
    (points,) = figure.data
    assert points.y == tuple(pairs)
    assert points.x == pytest.approx([100, -50, 0])
    for place, comparison in enumerate(pairs.values()):
        low, high, p_value = points.customdata[place]
        assert (low / 100, high / 100) == pytest.approx(comparison.interval)
        assert p_value == comparison.p_value
        assert points.x[place] + points.error_x.array[place] == pytest.approx(high)
    # No difference is marked.
    assert figure.layout.shapes[0].x0 == figure.layout.shapes[0].x1 == 0


def test_difference_intervals_of_no_pairs_are_empty() -> None:
    assert len(difference_intervals({}).data[0].x) == 0
