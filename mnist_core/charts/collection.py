"""All charts of a model, and of several together, with their captions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mnist_core import charts
from mnist_core.charts.captions import Caption
from mnist_core.charts.captions.comparison import (
    describe_accuracy_intervals,
    describe_difference_intervals,
)
from mnist_core.charts.captions.evaluation import (
    describe_class_bars,
    describe_confidence_bars,
    describe_confusion_matrix,
    describe_coverage,
    describe_coverage_of_several,
    describe_precision_recall,
    describe_reliability,
    describe_roc,
)
from mnist_core.charts.captions.perturbations import describe_attacked_accuracy
from mnist_core.charts.captions.robustness import (
    describe_corruptions,
    describe_map,
    describe_sweeps,
)
from mnist_core.charts.captions.training import describe_history
from mnist_core.charts.embedding_map import map_figure
from mnist_core.charts.perturbations import accuracy_curves
from mnist_core.charts.robustness import corruption_heat_map, sweep_curves
from mnist_core.errors import ModelLoadError
from mnist_core.evaluation.assessment import Assessment
from mnist_core.evaluation.comparison import Comparison
from mnist_core.evaluation.curves import operating_points
from mnist_core.explanation.embedding_map import EmbeddingMap
from mnist_core.perturbations.measurement import AccuracyCurve
from mnist_core.registry.artifacts import load_history
from mnist_core.robustness.result import Robustness

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["CaptionedFigure", "Measurements", "figures_of_model", "figures_of_several"]

# Confidence of the operating points that are marked.
_THRESHOLD = 0.9


class CaptionedFigure(NamedTuple):
    """A chart and what it says."""

    figure: go.Figure
    caption: Caption


class Measurements(NamedTuple):
    """Results that need the network itself; None or {} where they are not available."""

    embedding: EmbeddingMap | None = None
    robustness: Robustness | None = None
    attacks: Mapping[str, AccuracyCurve] = {}


def figures_of_several(
    assessments: Sequence[Assessment],
    comparisons: Mapping[str, Comparison],
    measurements: Sequence[Measurements],
) -> dict[str, CaptionedFigure]:
    """Title -> figure, of all models together."""
    evaluations = {a.card.name: a.evaluation for a in assessments}
    coverages = {a.card.name: a.coverage for a in assessments}
    figures = {
        "Accuracy": CaptionedFigure(
            charts.accuracy_intervals(evaluations), describe_accuracy_intervals(evaluations)
        ),
        "Accuracy differences": CaptionedFigure(
            charts.difference_intervals(comparisons), describe_difference_intervals(comparisons)
        ),
        "Calibration: accuracy against coverage": CaptionedFigure(
            charts.coverage_curves(coverages), describe_coverage_of_several(coverages)
        ),
    }
    if results := [m.robustness for m in measurements if m.robustness is not None]:
        figures["Robustness to distortions"] = CaptionedFigure(
            sweep_curves(results), describe_sweeps(results)
        )
    return figures


def figures_of_model(
    item: Assessment, measured: Measurements, directory: Path | None = None
) -> dict[str, CaptionedFigure]:
    """Title -> figure, of one model."""
    figures = _figures_of_predictions(item)
    # An ensemble has no history.
    with suppress(ModelLoadError):
        history = load_history(item.card, directory)
        figures["Training curves"] = CaptionedFigure(
            charts.history_curves(history), describe_history(history)
        )
    if (embedding := measured.embedding) is not None:
        for axes in (2, 3):
            figures[f"Embedding, {axes}-D"] = CaptionedFigure(
                map_figure(embedding, axes=axes), describe_map(embedding, axes)
            )
    if (robustness := measured.robustness) is not None:
        figures["Robustness to corruptions"] = CaptionedFigure(
            corruption_heat_map(robustness), describe_corruptions(robustness)
        )
        figures["Robustness to distortions"] = CaptionedFigure(
            sweep_curves([robustness]), describe_sweeps([robustness])
        )
    if attacks := measured.attacks:
        figures["Robust accuracy"] = CaptionedFigure(
            accuracy_curves(attacks), describe_attacked_accuracy(attacks)
        )
    return figures


def _figures_of_predictions(item: Assessment) -> dict[str, CaptionedFigure]:
    """Title -> figure, of what the predictions alone show."""
    figure = CaptionedFigure
    evaluation, roc, precision_recall = item.evaluation, item.roc, item.precision_recall
    points = operating_points(evaluation, _THRESHOLD)
    selection = item.coverage.at(_THRESHOLD)
    return {
        "Confusion matrix": figure(
            charts.confusion_matrix(evaluation), describe_confusion_matrix(evaluation)
        ),
        "Confusion matrix: error rates": figure(
            charts.confusion_matrix(evaluation, rates=True, errors_only=True),
            describe_confusion_matrix(evaluation, rates=True),
        ),
        "Per class": figure(charts.class_bars(evaluation), describe_class_bars(evaluation)),
        "ROC, zoomed in": figure(
            charts.roc_curves(roc, "corner", points), describe_roc(roc, points)
        ),
        "ROC, log axis": figure(charts.roc_curves(roc, "log", points), describe_roc(roc, points)),
        "Precision-recall (PR), zoomed in": figure(
            charts.precision_recall_curves(precision_recall, points, corner=True),
            describe_precision_recall(precision_recall, points),
        ),
        "Calibration: confidence histogram": figure(
            charts.confidence_bars(item.confidences), describe_confidence_bars(item.confidences)
        ),
        "Calibration: reliability diagram": figure(
            charts.reliability_diagram(item.reliability), describe_reliability(item.reliability)
        ),
        "Calibration: accuracy against coverage": figure(
            charts.coverage_curves({item.card.name: item.coverage}, selection),
            describe_coverage(selection),
        ),
    }
