"""What is stored beside a model: its answers on the MNIST test images, and how it learnt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import CLASSES
from mnist_core.errors import ModelLoadError
from mnist_core.registry.card import HISTORY, PREDICTIONS, ModelCard
from mnist_core.registry.store import read_verified
from mnist_core.storage.archives import ArchiveError, open_archive, read_array

__all__ = ["load_history", "load_predictions"]

_TEST_IMAGES = 10_000


def load_predictions(card: ModelCard, directory: Path | None = None) -> NDArray[np.float32]:
    """A model's answers on the MNIST test images, made when it was trained.

    Args:
        card: the model's.
        directory: where to look instead of `models_directory()`.

    Returns:
        (10000, 10) float32 probabilities, in the order of the test images.

    Raises:
        ModelLoadError: the file is missing, altered, or holds something else.
    """
    content = read_verified(card, PREDICTIONS, directory)
    try:
        with open_archive(content) as archive:
            probabilities: NDArray[np.float32] = read_array(archive, "probabilities.npy")
    except ArchiveError as error:
        raise ModelLoadError(
            f"The stored predictions of model {card.name!r} cannot be read ({error}). Train it "
            f"again. Received: {len(content):,} bytes"
        ) from error
    if probabilities.shape != (_TEST_IMAGES, CLASSES) or probabilities.dtype != np.float32:
        raise ModelLoadError(
            f"The stored predictions of model {card.name!r} are not ten for each MNIST test image. "
            f"Train it again. Received: shape {probabilities.shape}, dtype {probabilities.dtype}"
        )
    return probabilities


def load_history(card: ModelCard, directory: Path | None = None) -> Mapping[str, list[float]]:
    """How a model learnt, a value an epoch.

    Args:
        card: the model's.
        directory: where to look instead of `models_directory()`.

    Returns:
        "loss", "accuracy" (0 to 1), "val_loss" and "val_accuracy", all of one length; perhaps more.

    Raises:
        ModelLoadError: the file is missing, altered, or holds something else.
    """
    content = read_verified(card, HISTORY, directory)
    try:
        history = json.loads(content)
        lengths = {len(history[name]) for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelLoadError(
            f"The history of model {card.name!r} cannot be read ({error!r}). Train it again. "
            f"Received: {len(content):,} bytes"
        ) from error
    if len(lengths) != 1:
        raise ModelLoadError(
            f"The history of model {card.name!r} has epochs that lack a value. Train it again. "
            f"Received: lists of {sorted(lengths)} values"
        )
    checked: Mapping[str, list[float]] = history
    return checked
