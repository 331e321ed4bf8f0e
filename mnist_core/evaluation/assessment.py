"""A model judged on a labelled set: everything that can be told of it, each computed once."""

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
from mnist_core.evaluation.datasets import LabelledImages, mnist_test
from mnist_core.evaluation.metrics import (
    Evaluation,
    ReportRow,
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
    """A model's answers on a set. What is derived of them is computed when it is first asked for.

    Attributes:
        card: the model's.
        data: what it was judged on.
        evaluation: its answers, and what they are worth.
    """

    card: ModelCard
    data: LabelledImages
    evaluation: Evaluation

    @cached_property
    def report(self) -> list[ReportRow]:
        """Precision, recall, F1 and accuracy of each digit, and their means."""
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
        """How sure the right and the wrong answers were."""
        return confidence_histogram(self.evaluation)

    @cached_property
    def coverage(self) -> RiskCoverage:
        """What answering only when sure enough brings."""
        return risk_coverage(self.evaluation)


def assess(
    card: ModelCard,
    data: LabelledImages,
    recognizer: Callable[[], Recognizer],
    directory: Path | None = None,
) -> Assessment:
    """Judge a model; on the MNIST test images by its stored answers, without running it.

    Args:
        card: the model's.
        data: what to judge it on.
        recognizer: loads the model; called only where no answers are stored.
        directory: where to look for stored answers instead of `models_directory()`.

    Raises:
        ModelLoadError: the model, or its stored answers, are damaged.
        DatasetError: the embedded MNIST is missing or altered.
    """
    if PREDICTIONS in card.sha256 and data.digest == mnist_test().digest:
        stored = load_predictions(card, directory)
        return Assessment(
            card=card, data=data, evaluation=evaluate_probabilities(stored, data.labels)
        )
    evaluation = evaluate(recognizer(), data.images, data.labels)
    return Assessment(card=card, data=data, evaluation=evaluation)
