"""Losses and accuracies of networks that also detect non-digits. Imports Keras.

The eleventh output is the logit of "this is a digit". A non-digit has the label `NOT_A_DIGIT`, and
the other ten outputs are to be uniform (Hendrycks, Mazeika and Dietterich, "Deep Anomaly Detection
with Outlier Exposure", ICLR 2019).

A network of branches returns (n, branches, 11) logits in training: its loss is the mean of the
branches' losses, its answer the mean of their logits.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from mnist_core.data import NOT_A_DIGIT

__all__ = [
    "DigitAccuracy",
    "DistillationAccuracy",
    "digit_loss",
    "distillation_loss",
    "mean_logits",
]

# Weights of "uniform for a non-digit" and of "is a digit", relative to the loss of classification.
_UNIFORM, _DETECTION = 0.3, 0.5


def mean_logits(logits: Any) -> Any:
    """The network's (n, 10 or 11) logits: the mean over its branches, if it has any."""
    return ops.mean(logits, axis=1) if len(logits.shape) == 3 else logits


def digit_loss(labels: Any, logits: Any) -> Any:
    """Cross entropy of digits, plus that of detecting non-digits.

    Args:
        labels: (n,) or (n, 1) integers, 0 to 9, or `NOT_A_DIGIT`.
        logits: (n, 11) or (n, branches, 11).

    Returns:
        (n,) losses.
    """
    if len(logits.shape) == 3:
        losses = [digit_loss(labels, branch) for branch in ops.unstack(logits, axis=1)]
        return ops.mean(ops.stack(losses), axis=0)
    labels = ops.reshape(ops.cast(labels, "int32"), (-1,))
    is_digit = ops.cast(labels < NOT_A_DIGIT, logits.dtype)
    scores = ops.log_softmax(logits[:, :NOT_A_DIGIT], axis=-1)
    # NOT_A_DIGIT has a row of zeros.
    classification = -ops.sum(
        ops.one_hot(labels, NOT_A_DIGIT, dtype=logits.dtype) * scores, axis=-1
    )
    uniform = -ops.mean(scores, axis=-1)
    detection = ops.binary_crossentropy(is_digit, logits[:, NOT_A_DIGIT], from_logits=True)
    return classification + _UNIFORM * (1 - is_digit) * uniform + _DETECTION * detection


class DigitAccuracy(keras.metrics.SparseCategoricalAccuracy):  # type: ignore[misc]
    """Accuracy on the digits of a batch; non-digits do not count."""

    def update_state(self, labels: Any, logits: Any, sample_weight: Any = None) -> Any:
        """Add a batch: labels (n,) or (n, 1); logits as of `digit_loss`."""
        labels = ops.reshape(ops.cast(labels, "int32"), (-1,))
        answers = mean_logits(logits)[:, :NOT_A_DIGIT]
        return super().update_state(labels, answers, labels < NOT_A_DIGIT)


def distillation_loss(targets: Any, logits: Any) -> Any:
    """Cross entropy to soft targets (Hinton, Vinyals and Dean, "Distilling the Knowledge in a
    Neural Network", 2015).

    Args:
        targets: (n, 10) probabilities of the digits, or (n, 11) with that of being a digit at all.
        logits: of the same shape.

    Returns:
        (n,) losses.
    """
    scores = ops.log_softmax(logits[:, :NOT_A_DIGIT], axis=-1)
    classification = -ops.sum(targets[:, :NOT_A_DIGIT] * scores, axis=-1)
    detection = ops.binary_crossentropy(
        targets[:, NOT_A_DIGIT:], logits[:, NOT_A_DIGIT:], from_logits=True
    )
    return classification + _DETECTION * ops.sum(detection, axis=-1)


class DistillationAccuracy(keras.metrics.SparseCategoricalAccuracy):  # type: ignore[misc]
    """Share of the digits whose most probable target is predicted; non-digits do not count."""

    def update_state(self, targets: Any, logits: Any, sample_weight: Any = None) -> Any:
        """Add a batch: targets and logits, (n, 10) or (n, 11), as of `distillation_loss`."""
        digits = targets[:, :NOT_A_DIGIT]
        # A non-digit has uniform targets, or a low eleventh one.
        is_digit = ops.logical_and(
            ops.max(digits, axis=-1) > 1.001 / NOT_A_DIGIT,
            ops.all(targets[:, NOT_A_DIGIT:] > 0.5, axis=-1),
        )
        return super().update_state(ops.argmax(digits, axis=-1), logits[:, :NOT_A_DIGIT], is_digit)
