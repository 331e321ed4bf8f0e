"""The losses and accuracies of networks that also detect non-digits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow  # TensorFlow

LABELS = np.array([[3], [7], [10]])


@pytest.fixture(scope="module")
def losses() -> Any:
    """The module, which imports Keras."""
    from mnist_core.training import losses

    return losses


def logits(digit: int | None, digit_score: float) -> np.ndarray:
    row = np.zeros((1, 11), np.float32)
    if digit is not None:
        row[0, digit] = 12
    row[0, 10] = digit_score
    return row


def loss(losses: Any, label: int, row: np.ndarray) -> float:
    return float(losses.digit_loss(np.array([label]), row)[0])


def test_digit_loss_of_a_certain_correct_answer_is_zero(losses: Any) -> None:
    assert loss(losses, 3, logits(3, 12)) < 1e-3
    assert loss(losses, 10, logits(None, -12)) == pytest.approx(0.3 * np.log(10), rel=1e-3)


def test_digit_loss_of_a_wrong_digit_a_rejected_digit_and_an_accepted_outlier(losses: Any) -> None:
    assert loss(losses, 3, logits(5, 12)) == pytest.approx(12, rel=0.01)
    assert loss(losses, 3, logits(3, -12)) == pytest.approx(0.5 * 12, rel=0.01)
    outlier = 0.5 * 12 + 0.3 * np.log(10)
    assert loss(losses, 10, logits(None, 12)) == pytest.approx(outlier, rel=0.01)


def test_digit_loss_of_an_outlier_is_lowest_for_uniform_probabilities(losses: Any) -> None:
    assert loss(losses, 10, logits(4, -12)) > loss(losses, 10, logits(None, -12)) + 1


def test_digit_loss_returns_one_loss_per_image(losses: Any) -> None:
    rows = np.concatenate([logits(3, 12), logits(5, 12), logits(None, -12)])
    values = np.asarray(losses.digit_loss(LABELS, rows))
    assert values.shape == (3,)
    assert values[0] < values[2] < values[1]


def test_digit_accuracy_ignores_non_digits(losses: Any) -> None:
    accuracy = losses.DigitAccuracy(name="accuracy")
    rows = np.concatenate([logits(3, 12), logits(5, 12), logits(10, 12)])
    accuracy.update_state(LABELS, rows)
    assert float(accuracy.result()) == 0.5


def test_branches_average_their_losses_and_their_logits(
    losses: Any,
) -> None:
    first = np.concatenate([logits(3, 12), logits(5, 12), logits(None, -12)])
    second = np.concatenate([logits(3, 12), 2 * logits(7, 12), logits(2, 5)])
    both = np.stack([first, second], axis=1)
    separate = [np.asarray(losses.digit_loss(LABELS, rows)) for rows in (first, second)]
    assert np.asarray(losses.digit_loss(LABELS, both)) == pytest.approx(np.mean(separate, axis=0))
    assert np.asarray(losses.mean_logits(both)) == pytest.approx((first + second) / 2)
    assert losses.mean_logits(first) is first
    # The first branch misreads the 7; their mean is correct.
    accuracy = losses.DigitAccuracy()
    accuracy.update_state(LABELS, both)
    assert float(accuracy.result()) == 1
