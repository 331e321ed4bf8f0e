"""A model assessed on a labeled set: all its metrics and curves, each computed once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mnist_core.evaluation.calibration import (
    ConfidenceHistogram,
    Reliability,
    RiskCoverage,
    confidence_histogram,
    reliability,
    risk_coverage,
)
from mnist_core.evaluation.curves import PrecisionRecall, Roc, precision_recall, roc
from mnist_core.evaluation.datasets import mnist_test
from mnist_core.evaluation.disputed_labels import (
    DisputedLabel,
    disputed_labels,
    evaluate_corrected,
)
from mnist_core.evaluation.labelled_images import LabelledImages
from mnist_core.evaluation.metrics import (
    ClassMetrics,
    Evaluation,
    classification_report,
    evaluate,
    evaluate_probabilities,
)
from mnist_core.inference.recognizer import Recognizer
from mnist_core.registry.artifacts import load_predictions
from mnist_core.registry.card import PREDICTIONS, ModelCard

__all__ = ["Assessment", "assess"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Assessment:
    """A model's results on a set; curves are computed when they are first read.

    Attributes:
        card: of the model.
        data: the set.
        evaluation: predictions and metrics.
    """

    card: ModelCard
    data: LabelledImages
    evaluation: Evaluation

    @cached_property
    def disputed(self) -> dict[int, DisputedLabel]:
        """The disputed labels by the index of the image; {} on other data than MNIST test."""
        return disputed_labels(self.data)

    @cached_property
    def corrected(self) -> Evaluation | None:
        """The same predictions with corrected labels; None if no label is disputed."""
        return evaluate_corrected(self.evaluation) if self.disputed else None

    @cached_property
    def class_metrics(self) -> list[ClassMetrics]:
        """Precision, recall, F1 and accuracy of each digit, and their averages."""
        return classification_report(self.evaluation)

    @cached_property
    def roc(self) -> Roc:
        """ROC curves."""
        return roc(self.evaluation)

    @cached_property
    def precision_recall(self) -> PrecisionRecall:
        """Precision-recall curves."""
        return precision_recall(self.evaluation)

    @cached_property
    def reliability(self) -> Reliability:
        """Confidence against accuracy."""
        return reliability(self.evaluation)

    @cached_property
    def confidences(self) -> ConfidenceHistogram:
        """Confidence of the correct and the incorrect predictions."""
        return confidence_histogram(self.evaluation)

    @cached_property
    def coverage(self) -> RiskCoverage:
        """The risk-coverage curve."""
        return risk_coverage(self.evaluation)


def assess(
    card: ModelCard,
    data: LabelledImages,
    recognizer: Callable[[], Recognizer],
    directory: Path | None = None,
) -> Assessment:
    """Assess a model; on the MNIST test images from its stored predictions, without running it.

    Args:
        card: of the model.
        data: the set.
        recognizer: loads the model; called only if there are no stored predictions.
        directory: where the models are instead of `models_directory()`.

    Raises:
        ModelLoadError: the model or its stored predictions are damaged.
        DatasetError: the embedded MNIST is missing or altered.
    """
    if PREDICTIONS in card.sha256 and data.digest == mnist_test().digest:
        evaluation = evaluate_probabilities(load_predictions(card, directory), data.labels)
    else:
        evaluation = evaluate(recognizer(), data.images, data.labels)
    return Assessment(card=card, data=data, evaluation=evaluation)
