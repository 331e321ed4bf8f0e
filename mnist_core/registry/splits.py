"""Which of MNIST's training images a model never learnt from."""

from __future__ import annotations

from functools import reduce

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import split_training
from mnist_core.errors import DatasetError
from mnist_core.registry.card import ModelCard

__all__ = ["held_out_indices", "splits"]


def splits(card: ModelCard) -> tuple[tuple[int, float], ...]:
    """How MNIST's training images were parted for a model: seed and share held out.

    A model that was fine-tuned keeps the parting that it began with; an ensemble has those of its
    members.

    Raises:
        DatasetError: the card does not say.
    """
    first = card.fine_tuning.get("held_out")
    try:
        if card.members:
            parted = [(int(seed), float(share)) for seed, share in card.configuration["splits"]]
        elif first:
            parted = [(int(first["seed"]), float(first["fraction"]))]
        else:
            parted = [(card.seed, float(card.configuration["validation_fraction"]))]
        if not parted or not all(seed >= 0 and 0 < share < 1 for seed, share in parted):
            raise ValueError(f"no shares: {parted}")
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            "The model's card does not say which images its training held out. Choose other "
            f"data, or train it again. Received: model {card.name!r}"
        ) from error
    return tuple(parted)


def held_out_indices(card: ModelCard) -> NDArray[np.int64]:
    """Which of MNIST's training images a model never learnt from, in rising order.

    Raises:
        DatasetError: the card does not say.
    """
    return reduce(np.intersect1d, (split_training(*split)[0] for split in splits(card)))
