"""Charts of an evaluation, by their numbers."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_core import Recognizer
from mnist_core.charts import (
    class_bars,
    confidence_bars,
    confusion_matrix,
    coverage_curves,
    precision_recall_curves,
    reliability_diagram,
    roc_curves,
)
from mnist_core.evaluation.assessment import Assessment, assess
from mnist_core.evaluation.calibration import confidence_histogram, reliability, risk_coverage
from mnist_core.evaluation.curves import precision_recall, roc
from mnist_core.evaluation.datasets import mnist_test
from mnist_core.evaluation.metrics import Evaluation, evaluate_probabilities

DIGITS = tuple("0123456789")


def evaluation_of(answers: list[int], labels: list[int], confidence: float = 1.0) -> Evaluation:
    rows = np.full((len(answers), 10), (1 - confidence) / 9, np.float32)
    rows[np.arange(len(answers)), answers] = confidence
    return evaluate_probabilities(rows, np.array(labels))


# Perfect, worst, one image, one digit missing, all of one confidence.
ODD = {
    "perfect": evaluation_of(list(range(10)), list(range(10))),
    "worst": evaluation_of([*range(1, 10), 0], list(range(10))),
    "one image": evaluation_of([7], [7]),
    "one wrong image": evaluation_of([7], [1]),
    "missing": evaluation_of([1, 1, 2], [1, 2, 2]),
    "one confidence": evaluation_of([1, 2, 3], [1, 2, 4], 0.6),
    "ties": evaluation_of([0, 0, 0], [0, 1, 2], 0.1),
}


@pytest.fixture(scope="module")
def assessment(recognizer: Recognizer) -> Assessment:
    return assess(recognizer.card, mnist_test(), lambda: recognizer)


@pytest.mark.parametrize("evaluation", ODD.values(), ids=ODD)
def test_charts_accept_unusual_predictions(evaluation: Evaluation) -> None:
    coverage = risk_coverage(evaluation)
    for figure in (
        confusion_matrix(evaluation),
        confusion_matrix(evaluation, rates=True, errors_only=True, log=False),
        class_bars(evaluation),
        confidence_bars(confidence_histogram(evaluation)),
        reliability_diagram(reliability(evaluation)),
        coverage_curves({"a": coverage}, coverage.at(1.0)),
        *(roc_curves(roc(evaluation), view) for view in ("whole", "corner", "log")),
        *(precision_recall_curves(precision_recall(evaluation), corner=c) for c in (True, False)),
    ):
        assert figure.data
        figure.to_json()


def test_confusion_matrix_shows_every_count(assessment: Assessment) -> None:
    confusion = assessment.evaluation.confusion
    heat, cells = confusion_matrix(assessment.evaluation, log=False).data
    assert heat.x == heat.y == DIGITS
    assert (np.nan_to_num(heat.z) == confusion).all()
    # A cell without images is empty.
    assert np.isnan(heat.z[confusion == 0]).all()
    assert heat.text[4][4] == f"{confusion[4, 4]:,}"
    for x, y, (count, share) in zip(cells.x, cells.y, cells.customdata, strict=True):
        assert count == confusion[int(y), int(x)]
        assert share == pytest.approx(count / confusion[int(y)].sum())


def test_confusion_matrix_shows_logarithms_rates_and_errors(assessment: Assessment) -> None:
    confusion = assessment.evaluation.confusion
    heat, _ = confusion_matrix(assessment.evaluation).data
    assert heat.z[9, 9] == pytest.approx(np.log10(confusion[9, 9]))
    heat, _ = confusion_matrix(assessment.evaluation, rates=True, log=False).data
    assert np.nansum(heat.z, axis=1) == pytest.approx(np.ones(10))
    assert heat.text[0][0].endswith("%")
    heat, cells = confusion_matrix(assessment.evaluation, errors_only=True).data
    assert np.isnan(np.diag(heat.z)).all()
    # Empty cells are clickable as well.
    assert len(cells.x) == 100


def test_class_bars_show_the_metrics_and_the_start_of_the_axis(assessment: Assessment) -> None:
    evaluation = assessment.evaluation
    figure = class_bars(evaluation)
    assert [bars.name for bars in figure.data] == ["precision", "recall", "F1"]
    measures = (evaluation.precision, evaluation.recall, evaluation.f1)
    for bars, values in zip(figure.data, measures, strict=True):
        assert bars.x == DIGITS
        assert bars.y == pytest.approx(values)
    floor = figure.layout.yaxis.range[0]
    assert 0 < floor < min(values.min() for values in measures)
    assert f"from {floor:.0%}" in figure.layout.yaxis.title.text
    assert class_bars(ODD["worst"]).layout.yaxis.range == (0, 1)


def test_confidence_bars_count_correct_and_incorrect_predictions(assessment: Assessment) -> None:
    figure = confidence_bars(assessment.confidences)
    correct, incorrect = figure.data
    assert correct.y.sum() == assessment.evaluation.correct.sum()
    assert incorrect.y.sum() == len(assessment.evaluation.errors)
    assert correct.x == pytest.approx(np.arange(0.025, 1, 0.05))
    assert figure.layout.yaxis.type == "log"
    assert 10 ** figure.layout.yaxis.range[1] > correct.y.max()


def test_reliability_diagram_shows_bins_with_intervals(assessment: Assessment) -> None:
    bins = assessment.reliability
    line, points, counts = reliability_diagram(bins).data
    filled = bins.counts > 0
    assert (list(line.x), list(line.y)) == ([0, 1], [0, 1])
    assert points.x == pytest.approx(bins.confidence[filled])
    assert points.y == pytest.approx(bins.accuracy[filled])
    assert points.y + points.error_y.array == pytest.approx(bins.intervals[filled, 1])
    assert points.y - points.error_y.arrayminus == pytest.approx(bins.intervals[filled, 0])
    assert counts.y.tolist() == bins.counts.tolist()


def test_coverage_curves_end_at_the_accuracy_and_mark_the_selection(assessment: Assessment) -> None:
    selection = assessment.coverage.at(0.9)
    other = risk_coverage(ODD["missing"])
    first, second, mark = coverage_curves(
        {"cnn": assessment.coverage, "other": other}, selection
    ).data
    assert (first.x[-1], first.y[-1]) == (1, pytest.approx(assessment.evaluation.accuracy))
    assert len(first.x) <= 1000
    assert first.name.startswith("cnn, AURC 0.0000")
    assert (first.line.color, first.line.dash) != (second.line.color, second.line.dash)
    assert (mark.x[0], mark.y[0]) == (selection.coverage, selection.accuracy)
    assert len(coverage_curves({"other": other}, other.at(1.0)).data) == 2
    assert len(coverage_curves({"one": risk_coverage(ODD["ties"])}, None).data) == 1
