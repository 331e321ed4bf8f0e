"""Which labels of a data set may be wrong."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_core.evaluation.datasets import mnist_test, mnist_validation
from mnist_core.evaluation.disputed_labels import DISPUTED_LABELS
from mnist_core.evaluation.label_issues import evaluate_without, find_label_issues
from mnist_core.evaluation.metrics import Evaluation, evaluate_probabilities
from mnist_core.inference.recognizer import load_recognizer
from mnist_core.registry.artifacts import load_predictions
from mnist_core.registry.store import load_card


def on_mnist_test(model: str) -> Evaluation:
    return evaluate_probabilities(load_predictions(load_card(model)), mnist_test().labels)


def sharp(predictions: list[int], labels: list[int], share: float = 0.9) -> Evaluation:
    """An evaluation of predictions that all have the same confidence."""
    probabilities = np.full((len(labels), 10), (1 - share) / 9, np.float32)
    probabilities[np.arange(len(labels)), predictions] = share
    return evaluate_probabilities(probabilities, np.array(labels))


def ranks(ranking: NDArray[np.int64], indices: object) -> NDArray[np.int64]:
    return np.flatnonzero(np.isin(ranking, indices))


def test_disputed_labels_are_among_the_first_hundred() -> None:
    # Five people disputed 15 of 10,000 labels, and cleanlab's ranking is the source of the 15.
    issues = find_label_issues([on_mnist_test(name) for name in ("champion", "cnn", "mlp")])
    assert sorted(issues.ranking) == list(range(10_000))
    assert (np.diff(issues.quality[issues.ranking]) >= 0).all()
    assert (ranks(issues.ranking, list(DISPUTED_LABELS)) < 100).sum() >= 12


def test_planted_errors_come_first_and_are_counted() -> None:
    card = load_card("mlp")
    data = mnist_validation([card])
    classify = load_recognizer("mlp").classify(data.images)
    generator = np.random.default_rng(70)
    labels = data.labels.copy()
    planted = generator.choice(len(labels), len(labels) // 100, replace=False)
    labels[planted] = (labels[planted] + generator.integers(1, 10, len(planted))) % 10
    issues = find_label_issues([evaluate_probabilities(classify, labels)])
    first = ranks(issues.ranking, planted) < len(labels) // 50
    assert first.mean() >= 0.95
    assert len(planted) <= len(issues.suspects) <= 1.5 * len(planted)


def test_models_judge_together_by_the_geometric_mean() -> None:
    labels = [0, 1, 2]
    first, second = sharp([0, 1, 3], labels), sharp([0, 2, 3], labels)
    issues = find_label_issues([first, second])
    mean = np.sqrt(first.probabilities.astype(float) * second.probabilities)
    mean /= mean.sum(axis=1, keepdims=True)
    assert issues.probabilities == pytest.approx(mean)
    assert issues.quality == pytest.approx(mean[range(3), labels])
    assert issues.ranking.tolist() == [2, 1, 0]


@pytest.mark.parametrize("labels", [[3], [3, 3, 3], [0, 9], list(range(10))])
@pytest.mark.filterwarnings("error")
def test_small_sets_and_missing_digits_are_ranked(labels: list[int]) -> None:
    issues = find_label_issues([sharp([5] * len(labels), labels)])
    assert sorted(issues.ranking) == list(range(len(labels)))
    assert issues.suspects <= set(range(len(labels)))


def test_certain_models_are_compared() -> None:
    # Probabilities of exactly 0 have no logarithm.
    labels = [1, 2] * 20
    issues = find_label_issues([sharp([1, 1] * 20, labels, share=1.0)])
    assert np.isfinite(issues.quality).all()
    assert set(issues.ranking[:20].tolist()) == set(range(1, 40, 2))


def test_evaluate_without_leaves_images_out() -> None:
    evaluation = sharp([0, 1, 3], [0, 1, 2])
    without = evaluate_without(evaluation, [2])
    assert without is not None
    assert (without.accuracy, len(without.labels)) == (1, 2)
    assert evaluate_without(evaluation, []) is not None
    assert evaluate_without(evaluation, [0, 1, 2]) is None
