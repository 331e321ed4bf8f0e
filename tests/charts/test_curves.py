"""ROC and precision-recall charts, by their numbers."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_core import Recognizer
from mnist_core.charts import precision_recall_curves, roc_curves
from mnist_core.charts.style import thin_out
from mnist_core.evaluation.assessment import Assessment, assess
from mnist_core.evaluation.curves import operating_points
from mnist_core.evaluation.datasets import mnist_test


@pytest.fixture(scope="module")
def assessment(recognizer: Recognizer) -> Assessment:
    return assess(recognizer.card, mnist_test(), lambda: recognizer)


def test_roc_curves_show_every_digit_and_its_area(assessment: Assessment) -> None:
    figure = roc_curves(assessment.roc)
    curves = (*assessment.roc.curves, assessment.roc.micro)
    assert [t.name for t in figure.data] == [f"{c.name} ({c.auc:.6f})" for c in curves]
    for trace, curve in zip(figure.data[:10], curves, strict=False):
        assert trace.x == pytest.approx(curve.false_positive_rate)
        assert trace.y == pytest.approx(curve.true_positive_rate)
    assert f"{assessment.roc.macro_auc:.6f}" in figure.layout.title.text
    # All lines look different.
    assert len({(trace.line.color, trace.line.dash) for trace in figure.data}) == 11


def test_roc_curves_corner_contains_the_bend_of_every_curve(assessment: Assessment) -> None:
    layout = roc_curves(assessment.roc, "corner").layout
    right, bottom = layout.xaxis.range[1], layout.yaxis.range[0]
    assert right == pytest.approx(1 - bottom)
    assert right <= 0.05
    for curve in assessment.roc.curves:
        assert ((curve.false_positive_rate < right) & (curve.true_positive_rate > bottom)).any()


def test_roc_curves_log_axis_keeps_every_point(assessment: Assessment) -> None:
    figure = roc_curves(assessment.roc, "log")
    assert figure.layout.xaxis.type == "log"
    for trace, curve in zip(figure.data[:10], assessment.roc.curves, strict=False):
        assert (trace.x > 0).all()
        some = curve.false_positive_rate > 0
        assert trace.x[some] == pytest.approx(curve.false_positive_rate[some])
        # What is hovered over is the true rate.
        assert trace.customdata[:, 1] == pytest.approx(curve.false_positive_rate)


@pytest.mark.parametrize("corner", [False, True])
def test_precision_recall_curves(assessment: Assessment, corner: bool) -> None:
    curves = assessment.precision_recall
    figure = precision_recall_curves(curves, corner=corner)
    for trace, curve in zip(figure.data[:10], curves.curves, strict=False):
        assert trace.name == f"{curve.name} ({curve.average_precision:.6f})"
        assert trace.line.shape == "hv"
        assert len(trace.x) == min(1000, len(curve.recall))
        assert (trace.x[-1], trace.y[-1]) == (0, 1)
    assert f"{curves.macro_average:.6f}" in figure.layout.title.text
    assert (figure.layout.xaxis.range[0] > 0.5) is corner


def test_thin_out_keeps_the_ends_and_rows_together() -> None:
    few = np.arange(5)
    assert thin_out(few)[0] is few
    x, y = thin_out(np.arange(12_345), np.arange(12_345) * 2)
    assert (x[0], x[-1]) == (0, 12_344)
    assert len(x) <= 1000
    assert (y == 2 * x).all()


def test_operating_points_are_diamonds_on_the_curves(assessment: Assessment) -> None:
    roc, evaluation = assessment.roc, assessment.evaluation
    points = operating_points(evaluation, 0.9)
    diamonds = roc_curves(roc, "whole", points).data[-1]
    assert diamonds.marker.symbol == "diamond"
    assert list(diamonds.x) == [point.false_positive_rate for point in points]
    assert list(diamonds.y) == [point.true_positive_rate for point in points]
    # A logarithmic axis has no 0.
    assert min(roc_curves(roc, "log", points).data[-1].x) > 0
    figure = precision_recall_curves(assessment.precision_recall, points)
    assert list(figure.data[-1].y) == [point.precision for point in points]
    assert len(roc_curves(roc).data) == 11


@pytest.mark.parametrize("threshold", [0.5, 0.9, 0.999, 1.0])
def test_operating_points_are_within_the_enlarged_corner(
    assessment: Assessment, threshold: float
) -> None:
    points = operating_points(assessment.evaluation, threshold)
    for figure in (
        roc_curves(assessment.roc, "corner", points),
        roc_curves(assessment.roc, "log", points),
        precision_recall_curves(assessment.precision_recall, points, corner=True),
    ):
        diamonds = figure.data[-1]
        low, high = figure.layout.yaxis.range
        assert all(low <= y <= high for y in diamonds.y)
        if figure.layout.xaxis.type != "log":
            low, high = figure.layout.xaxis.range
            assert all(low <= x <= high for x in diamonds.x)
