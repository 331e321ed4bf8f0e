"""Labeled sets that need no file: MNIST test and validation, and scikit-learn's digits."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, reduce

import numpy as np

from mnist_core.data import load_mnist
from mnist_core.errors import DatasetError
from mnist_core.evaluation.labelled_images import LabelledImages, label_arrays
from mnist_core.registry.card import ModelCard
from mnist_core.registry.splits import validation_indices

__all__ = ["mnist_test", "mnist_validation", "scikit_learn_digits"]


@cache
def mnist_test() -> LabelledImages:
    """The 10,000 MNIST test images.

    Raises:
        DatasetError: the embedded MNIST is missing or altered.
    """
    dataset = load_mnist()
    return LabelledImages(name="MNIST test", images=dataset.x_test, labels=dataset.y_test)


def mnist_validation(cards: Sequence[ModelCard]) -> LabelledImages:
    """The MNIST training images that none of these models was trained on.

    Args:
        cards: of at least one model.

    Raises:
        DatasetError: there are none, or a card does not contain its split.
    """
    every = np.arange(len(load_mnist().y_train))
    indices = reduce(np.intersect1d, map(validation_indices, cards), every)
    if not len(indices):
        raise DatasetError(
            "These models have no validation image in common. Choose fewer of them, or other data. "
            f"Received: {', '.join(card.name for card in cards)}"
        )
    models = "none of these models was" if len(cards) > 1 else "this model was not"
    return LabelledImages(
        name="MNIST validation",
        images=load_mnist().x_train[indices],
        labels=load_mnist().y_train[indices],
        notes=(
            f"{len(indices):,} MNIST training images that {models} trained on; early "
            "stopping and the temperature used them.",
        ),
    )


@cache
def scikit_learn_digits() -> LabelledImages:
    """scikit-learn's 1,797 digits of 8x8 pixels by other writers, framed as photos are.

    They are the test half of UCI's "Optical Recognition of Handwritten Digits" (Alpaydin and
    Kaynak, 1998).
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    return label_arrays("scikit-learn digits", digits.images, digits.target)
