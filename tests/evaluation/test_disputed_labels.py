"""The disputed labels of MNIST test."""

from __future__ import annotations

import dataclasses

import numpy as np

from mnist_core import Dataset
from mnist_core.evaluation.assessment import assess
from mnist_core.evaluation.datasets import mnist_test
from mnist_core.evaluation.disputed_labels import (
    DISPUTED_LABELS,
    disputed_labels,
    evaluate_corrected,
)
from mnist_core.evaluation.metrics import evaluate_probabilities
from mnist_core.registry.store import load_card


def test_disputed_labels_are_mnists_and_have_five_votes(dataset: Dataset) -> None:
    for index, disputed in DISPUTED_LABELS.items():
        assert dataset.y_test[index] == disputed.label != disputed.other
        votes = (disputed.for_label, disputed.for_other, disputed.for_neither)
        assert sum(votes) == 5
        assert disputed.for_label < 3
        assert disputed.corrected == (disputed.other if disputed.for_other > 2 else None)
    corrected = [index for index, item in DISPUTED_LABELS.items() if item.corrected is not None]
    assert corrected == [947, 1621, 1901, 2462, 2597, 3558, 5937, 6651, 6783, 9729]
    assert len(DISPUTED_LABELS) == 15
    assert str(DISPUTED_LABELS[2654]) == (
        "Disputed label: of five people, 0 chose 6, 2 chose 1, 3 neither."
    )


def test_evaluate_corrected_replaces_ten_labels_and_leaves_five_images_out(
    dataset: Dataset,
) -> None:
    as_given = evaluate_probabilities(np.eye(10, dtype=np.float32)[dataset.y_test], dataset.y_test)
    assert as_given.accuracy == 1
    corrected = evaluate_corrected(as_given)
    assert (len(corrected.labels), len(corrected.errors)) == (9_995, 10)
    answers = dataset.y_test.copy()
    for index, disputed in DISPUTED_LABELS.items():
        answers[index] = disputed.other
    others = evaluate_probabilities(np.eye(10, dtype=np.float32)[answers], dataset.y_test)
    assert len(others.errors) == 15
    assert evaluate_corrected(others).accuracy == 1


def test_only_mnist_test_has_disputed_labels() -> None:
    data = mnist_test()
    assert disputed_labels(data) == DISPUTED_LABELS
    part = dataclasses.replace(data, images=data.images[:1000], labels=data.labels[:1000])
    assert disputed_labels(part) == {}
    card = load_card("mlp")
    assessment = assess(card, data, lambda: None)  # type: ignore[arg-type,return-value]
    assert assessment.disputed == DISPUTED_LABELS
    assert assessment.corrected is not None
    assert len(assessment.corrected.labels) == 9_995
    other = dataclasses.replace(assessment, data=part)
    assert (other.disputed, other.corrected) == ({}, None)
