"""A model assessed on a labeled set."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from mnist_core import ModelLoadError, Recognizer, load_recognizer
from mnist_core.evaluation.assessment import assess
from mnist_core.evaluation.datasets import mnist_test
from mnist_core.evaluation.labelled_images import LabelledImages
from mnist_core.registry.card import PREDICTIONS
from mnist_core.storage.paths import models_directory


def no_model() -> Recognizer:
    pytest.fail("The model was loaded.")


def test_assess_on_mnist_test_does_not_run_the_model(recognizer: Recognizer) -> None:
    result = assess(recognizer.card, mnist_test(), no_model)
    assert result.evaluation.accuracy == recognizer.card.test_accuracy
    # The stored predictions are those of the model.
    assert result.evaluation.probabilities[:300] == pytest.approx(
        recognizer.classify(mnist_test().images[:300]), abs=1e-5
    )


def test_assess_on_other_images_runs_the_model(recognizer: Recognizer) -> None:
    test = mnist_test()
    data = LabelledImages(name="part", images=test.images[:50], labels=test.labels[:50])
    result = assess(recognizer.card, data, lambda: recognizer)
    assert (result.evaluation.probabilities == recognizer.classify(data.images)).all()


def test_assess_without_stored_predictions_runs_the_model(linear_models: Path) -> None:
    model = load_recognizer("detecting", linear_models)
    result = assess(model.card, mnist_test(), lambda: model, linear_models)
    assert 0.8 < result.evaluation.accuracy < 0.84


def test_assess_rejects_damaged_predictions(recognizer: Recognizer) -> None:
    card = dataclasses.replace(recognizer.card, sha256={PREDICTIONS: "0" * 64})
    with pytest.raises(ModelLoadError, match="altered"):
        assess(card, mnist_test(), no_model, models_directory())


def test_assessment_computes_each_result_once(recognizer: Recognizer) -> None:
    result = assess(recognizer.card, mnist_test(), no_model)
    for name in (
        "class_metrics",
        "roc",
        "precision_recall",
        "reliability",
        "confidences",
        "coverage",
    ):
        assert getattr(result, name) is getattr(result, name)
    errors = len(result.evaluation.errors)
    assert errors == result.coverage.errors[-1] == result.confidences.incorrect.sum()
    assert errors == result.evaluation.confusion[~np.eye(10, dtype=bool)].sum()
