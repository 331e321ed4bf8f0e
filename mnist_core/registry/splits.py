"""Which of MNIST's training images a model was validated on: it never learned from them."""

from __future__ import annotations

from functools import reduce

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import split_training
from mnist_core.errors import DatasetError
from mnist_core.registry.card import ModelCard

__all__ = ["splits", "validation_indices"]


def splits(card: ModelCard) -> tuple[tuple[int, float], ...]:
    """The seed and validation fraction of each split of MNIST in a model's training.

    A fine-tuned model keeps the split of its first training; an ensemble has those of its members.

    Raises:
        DatasetError: the card does not name them.
    """
    first = card.fine_tuning.get("held_out")
    try:
        if card.members:
            found = [(int(seed), float(share)) for seed, share in card.configuration["splits"]]
        elif first:
            found = [(int(first["seed"]), float(first["fraction"]))]
        else:
            found = [(card.seed, float(card.configuration["validation_fraction"]))]
        if not found or not all(seed >= 0 and 0 < share < 1 for seed, share in found):
            raise ValueError(f"not splits: {found}")
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            "The model's card does not say on which images the model was validated. Choose other "
            f"data, or train it again. Received: model {card.name!r}"
        ) from error
    return tuple(found)


def validation_indices(card: ModelCard) -> NDArray[np.int64]:
    """The indices of MNIST's training images that a model never learned from.

    Raises:
        DatasetError: the card does not name its splits.
    """
    return reduce(np.intersect1d, (split_training(*split)[0] for split in splits(card)))
