"""What a network that also tells digits from everything else is trained for.

Its eleventh output is the logit of "this is a digit". A frame that shows none has the label
`NOT_A_DIGIT`: there the ten others are to prefer nothing (Hendrycks, Mazeika and Dietterich, "Deep
Anomaly Detection with Outlier Exposure", ICLR 2019).

A network of branches gives what each of them says, (n, branches, 11), in training: its loss is the
mean of theirs, its answer the mean of their logits.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from mnist_core.data import NOT_A_DIGIT

__all__ = ["NOT_A_DIGIT", "DigitAccuracy", "TaughtAccuracy", "answer", "digit_loss", "taught_loss"]

# Weights of "prefer nothing" and of "is a digit", beside the loss of reading digits.
_UNDECIDED, _TELLING = 0.3, 0.5


def answer(logits: Any) -> Any:
    """What a network says, (n, 10 or 11), from that or from what its branches say."""
    return ops.mean(logits, axis=1) if len(logits.shape) == 3 else logits


@keras.saving.register_keras_serializable("mnist_core")  # type: ignore[untyped-decorator]
def digit_loss(labels: Any, logits: Any) -> Any:
    """Cross entropy of digits, plus that of telling them from what is none.

    Args:
        labels: (n,) or (n, 1) integers, 0 to 9, or `NOT_A_DIGIT`.
        logits: (n, 11) or (n, branches, 11).

    Returns:
        (n,) losses.
    """
    if len(logits.shape) == 3:
        each = [digit_loss(labels, branch) for branch in ops.unstack(logits, axis=1)]
        return ops.mean(ops.stack(each), axis=0)
    labels = ops.reshape(ops.cast(labels, "int32"), (-1,))
    is_digit = ops.cast(labels < NOT_A_DIGIT, logits.dtype)
    scores = ops.log_softmax(logits[:, :NOT_A_DIGIT], axis=-1)
    # No row of the one-hot matrix has a 1 where the label is NOT_A_DIGIT.
    reading = -ops.sum(ops.one_hot(labels, NOT_A_DIGIT, dtype=logits.dtype) * scores, axis=-1)
    undecided = -ops.mean(scores, axis=-1)
    telling = ops.binary_crossentropy(is_digit, logits[:, NOT_A_DIGIT], from_logits=True)
    return reading + _UNDECIDED * (1 - is_digit) * undecided + _TELLING * telling


class DigitAccuracy(keras.metrics.SparseCategoricalAccuracy):  # type: ignore[misc]
    """Share of the digits that are read rightly; what is no digit does not count."""

    def update_state(self, labels: Any, logits: Any, sample_weight: Any = None) -> Any:
        """Take in a batch: labels (n,) or (n, 1); logits as of `answer`."""
        labels = ops.reshape(ops.cast(labels, "int32"), (-1,))
        return super().update_state(labels, answer(logits)[:, :NOT_A_DIGIT], labels < NOT_A_DIGIT)


@keras.saving.register_keras_serializable("mnist_core")  # type: ignore[untyped-decorator]
def taught_loss(targets: Any, logits: Any) -> Any:
    """Cross entropy to what is to be said, which may be in doubt (Hinton, Vinyals and Dean,
    "Distilling the Knowledge in a Neural Network", 2015).

    Args:
        targets: (n, 10) probabilities of the digits, or (n, 11) with that of being one at all.
        logits: of the same shape.

    Returns:
        (n,) losses.
    """
    scores = ops.log_softmax(logits[:, :NOT_A_DIGIT], axis=-1)
    reading = -ops.sum(targets[:, :NOT_A_DIGIT] * scores, axis=-1)
    telling = ops.binary_crossentropy(
        targets[:, NOT_A_DIGIT:], logits[:, NOT_A_DIGIT:], from_logits=True
    )
    return reading + _TELLING * ops.sum(telling, axis=-1)


class TaughtAccuracy(keras.metrics.SparseCategoricalAccuracy):  # type: ignore[misc]
    """Share of the digits whose likeliest label is answered; what is no digit does not count."""

    def update_state(self, targets: Any, logits: Any, sample_weight: Any = None) -> Any:
        """Take in a batch: targets and logits, (n, 10) or (n, 11), as of `taught_loss`."""
        digits = targets[:, :NOT_A_DIGIT]
        # Of what is no digit all are alike, or the eleventh says so.
        is_digit = ops.logical_and(
            ops.max(digits, axis=-1) > 1.001 / NOT_A_DIGIT,
            ops.all(targets[:, NOT_A_DIGIT:] > 0.5, axis=-1),
        )
        return super().update_state(ops.argmax(digits, axis=-1), logits[:, :NOT_A_DIGIT], is_digit)
