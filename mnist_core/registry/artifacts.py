"""The files beside a model: its predictions for the MNIST test images, and its history."""

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


def load_predictions(card: ModelCard, directory: Path | None = None) -> NDArray[np.float32]:
    """A model's probabilities for the MNIST test images, computed after its training.

    Args:
        card: the model's.
        directory: where to look instead of `models_directory()`.

    Returns:
        (10000, 10) float32, in the order of the test images.

    Raises:
        ModelLoadError: the file is missing or altered, or has other content.
    """
    content = read_verified(card, PREDICTIONS, directory)
    try:
        with open_archive(content) as archive:
            probabilities: NDArray[np.float32] = read_array(archive, "probabilities.npy")
    except ArchiveError as error:
        raise _unusable(card, f"predictions: {error}", f"{len(content):,} bytes") from error
    if probabilities.shape != (10_000, CLASSES) or probabilities.dtype != np.float32:
        raise _unusable(
            card,
            "predictions: they must have the shape (10000, 10) and dtype float32",
            f"shape {probabilities.shape}, dtype {probabilities.dtype}",
        )
    return probabilities


def load_history(card: ModelCard, directory: Path | None = None) -> Mapping[str, list[float]]:
    """The curves of a model's training, with one value per epoch.

    Args:
        card: the model's.
        directory: where to look instead of `models_directory()`.

    Returns:
        "loss", "accuracy" (0 to 1), "val_loss" and "val_accuracy", of equal length; perhaps more.

    Raises:
        ModelLoadError: the file is missing or altered, or has other content.
    """
    content = read_verified(card, HISTORY, directory)
    try:
        history: Mapping[str, list[float]] = json.loads(content)
        lengths = {len(history[name]) for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unusable(card, f"history: {error!r}", f"{len(content):,} bytes") from error
    if len(lengths) != 1:
        raise _unusable(card, "history: its curves differ in length", f"lengths {sorted(lengths)}")
    return history


def _unusable(card: ModelCard, problem: str, received: str) -> ModelLoadError:
    return ModelLoadError(
        f"Model {card.name!r} has unusable {problem}. Train it again. Received: {received}"
    )
