"""Labeled sets that need no file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.cards import make_card

from mnist_core import Dataset, DatasetError, Recognizer, TrainingConfig, evaluate, list_models
from mnist_core.data import split_training
from mnist_core.evaluation.datasets import mnist_test, mnist_validation, scikit_learn_digits


def test_mnist_test_is_the_test_set(dataset: Dataset) -> None:
    assert mnist_test() is mnist_test()
    assert mnist_test().images is dataset.x_test
    assert (mnist_test().labels == dataset.y_test).all()


def test_mnist_validation_gives_the_accuracy_on_the_card(
    recognizer: Recognizer, dataset: Dataset
) -> None:
    data = mnist_validation([recognizer.card])
    assert len(data.images) == 5000
    sample = evaluate(recognizer, data.images, data.labels)
    assert sample.accuracy == pytest.approx(recognizer.card.validation_accuracy)


def test_mnist_validation_contains_no_training_image_of_any_model(dataset: Dataset) -> None:
    cards = [make_card(seed=seed, configuration={"validation_fraction": 0.3}) for seed in (1, 2, 3)]
    data = mnist_validation(cards)
    common = set.intersection(*(set(split_training(seed, 0.3)[0].tolist()) for seed in (1, 2, 3)))
    assert len(data.images) == len(common)
    assert "none of these models" in data.notes[0]
    assert (data.images == dataset.x_train[sorted(common)]).all()


@pytest.mark.parametrize(
    "configuration",
    [
        {},
        {"validation_fraction": "half"},
        {"validation_fraction": None},
        {"validation_fraction": 2},
        {"validation_fraction": float("nan")},
    ],
)
def test_mnist_validation_explains_a_card_without_split(configuration: dict[str, Any]) -> None:
    with pytest.raises(DatasetError, match="Received: model 'mine'"):
        mnist_validation([make_card(configuration=configuration)])


def test_mnist_validation_explains_models_without_a_common_image() -> None:
    cards = [
        make_card(f"m{seed}", seed=seed, configuration={"validation_fraction": 0.01})
        for seed in range(4)
    ]
    with pytest.raises(DatasetError, match="m0, m1, m2, m3"):
        mnist_validation(cards)


def test_split_training_has_not_changed() -> None:
    held, kept = split_training(TrainingConfig.seed, TrainingConfig.validation_fraction)
    order = np.random.default_rng(1998).permutation(60_000)
    assert (held == order[:5000]).all()
    assert (kept == order[5000:]).all()


@pytest.mark.slow
def test_scikit_learn_digits_have_the_accuracy_in_the_docs(recognizer: Recognizer) -> None:
    data = scikit_learn_digits()
    assert len(data.images) == 1797
    assert "8x8" in data.notes[0]
    assert evaluate(recognizer, data.images, data.labels).accuracy == pytest.approx(0.954, abs=0.01)


def test_mnist_validation_of_all_bundled_models() -> None:
    data = mnist_validation(list_models())
    assert len(data.labels) > 100
