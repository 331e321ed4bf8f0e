"""Comparison of two models on the same images."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import bootstrap

from mnist_core import InvalidImageError
from mnist_core.evaluation.comparison import compare
from mnist_core.evaluation.metrics import Evaluation, evaluate_probabilities


def evaluation_of(*correct: bool) -> Evaluation:
    """Predictions on images of the digit 3, correct or not."""
    predicted = np.where(correct, 3, 5)
    return evaluate_probabilities(
        np.eye(10, dtype=np.float32)[predicted], np.full_like(predicted, 3)
    )


def test_compare_a_model_with_itself() -> None:
    model = evaluation_of(True, False, True)
    result = compare(model, model)
    assert (result.difference, result.interval, result.p_value) == (0, (0, 0), 1)
    assert (result.both_correct, result.both_incorrect) == (2, 1)


def test_compare_perfect_with_worst() -> None:
    result = compare(evaluation_of(*[True] * 10), evaluation_of(*[False] * 10))
    assert (result.first_only, result.second_only) == (10, 0)
    assert (result.difference, result.interval) == (1, (1, 1))
    # Ten coin flips, all heads or all tails.
    assert result.p_value == pytest.approx(2 / 2**10)


@pytest.mark.parametrize(
    ("first_only", "second_only", "p_value"),
    [(0, 1, 1), (1, 1, 1), (0, 5, 0.0625), (2, 8, 0.109375), (1, 9, 0.021484375)],
)
def test_p_value_is_mcnemars_exact_one(first_only: int, second_only: int, p_value: float) -> None:
    same = [True] * 20
    first = evaluation_of(*same, *[True] * first_only, *[False] * second_only)
    second = evaluation_of(*same, *[False] * first_only, *[True] * second_only)
    result = compare(first, second)
    assert result.p_value == pytest.approx(p_value)
    assert compare(second, first).p_value == pytest.approx(p_value)
    assert compare(second, first).difference == -result.difference
    assert (result.first_only, result.second_only) == (first_only, second_only)


def test_interval_agrees_with_scipys_bootstrap() -> None:
    random = np.random.default_rng(3)
    first, second = (
        evaluation_of(*(random.random(400) < 0.9)),
        evaluation_of(*(random.random(400) < 0.85)),
    )
    ours = compare(first, second)
    theirs = bootstrap(
        (first.correct.astype(float), second.correct.astype(float)),
        lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis),
        paired=True,
        vectorized=True,
        method="percentile",
        rng=np.random.default_rng(4),
    ).confidence_interval
    # Both are random: their ends may be two images apart.
    assert ours.interval == pytest.approx((theirs.low, theirs.high), abs=2.5 / 400)
    assert ours.interval[0] < ours.difference < ours.interval[1]


def test_compare_rejects_different_images() -> None:
    with pytest.raises(InvalidImageError, match="Received: 1 and 2 images"):
        compare(evaluation_of(True), evaluation_of(True, True))
