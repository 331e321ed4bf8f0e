"""Two models on the same images."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import bootstrap

from mnist_core import InvalidImageError
from mnist_core.evaluation.comparison import compare
from mnist_core.evaluation.metrics import Evaluation, evaluate_probabilities


def of(*right: bool) -> Evaluation:
    """Answers to threes, right or wrong."""
    return evaluate_probabilities(
        np.eye(10, dtype=np.float32)[[3 if r else 5 for r in right]], np.full(len(right), 3)
    )


def test_a_model_does_not_differ_from_itself() -> None:
    model = of(True, False, True)
    result = compare(model, model)
    assert (result.difference, result.interval, result.p_value) == (0, (0, 0), 1)
    assert (result.both_correct, result.both_incorrect) == (2, 1)


def test_perfect_against_worst() -> None:
    result = compare(of(*[True] * 10), of(*[False] * 10))
    assert (result.first_only, result.second_only) == (10, 0)
    assert (result.difference, result.interval) == (1, (1, 1))
    # Ten throws of a coin, all on one side or all on the other.
    assert result.p_value == pytest.approx(2 / 2**10)


@pytest.mark.parametrize(
    ("first_only", "second_only", "p_value"),
    [(0, 1, 1), (1, 1, 1), (0, 5, 0.0625), (2, 8, 0.109375), (1, 9, 0.021484375)],
)
def test_mcnemars_exact_p(first_only: int, second_only: int, p_value: float) -> None:
    same = [True] * 20
    first = of(*same, *[True] * first_only, *[False] * second_only)
    second = of(*same, *[False] * first_only, *[True] * second_only)
    result = compare(first, second)
    assert result.p_value == pytest.approx(p_value)
    assert compare(second, first).p_value == pytest.approx(p_value)
    assert compare(second, first).difference == -result.difference
    assert (result.first_only, result.second_only) == (first_only, second_only)


def test_the_interval_agrees_with_scipys_bootstrap() -> None:
    random = np.random.default_rng(3)
    first, second = of(*(random.random(400) < 0.9)), of(*(random.random(400) < 0.85))
    ours = compare(first, second)
    theirs = bootstrap(
        (first.correct.astype(float), second.correct.astype(float)),
        lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis),
        paired=True,
        vectorized=True,
        method="percentile",
        rng=np.random.default_rng(4),
    ).confidence_interval
    # Both are draws: their ends may be two images apart.
    assert ours.interval == pytest.approx((theirs.low, theirs.high), abs=2.5 / 400)
    assert ours.interval[0] < ours.difference < ours.interval[1]


def test_other_images_cannot_be_compared() -> None:
    with pytest.raises(InvalidImageError, match="Received: 1 and 2 images"):
        compare(of(True), of(True, True))
