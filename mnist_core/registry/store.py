"""Models on disk: `models/<name>/` with its card, found, checked and put in place whole.

A model is a folder of `model.tflite` (what reads), `model.keras` (what trains on), `card.json`
(what it is and how good), `history.json` (how it learnt) and `predictions.npz` (its answers on the
MNIST test images). A folder without a readable card is not a model.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from mnist_core.errors import ModelLoadError, ModelNotFoundError
from mnist_core.registry.card import _NAME, CARD, ModelCard, read_card
from mnist_core.storage.paths import BUNDLED_MODELS, models_directory

__all__ = ["is_bundled", "list_models", "load_card", "read_verified"]


# The models of the repository, in the order in which a default is looked for; then the best on the
# test images.
_PREFERRED = ("champion", "cnn", "mlp")


def is_bundled(name: str, directory: Path | None = None) -> bool:
    """True for a model that came with the repository: pages neither remove nor replace it."""
    directory = directory or models_directory()
    return name in _PREFERRED and directory.absolute() == BUNDLED_MODELS


def list_models(directory: Path | None = None) -> list[ModelCard]:
    """The cards of all models, the default one first; damaged folders are left out.

    Args:
        directory: where to look instead of `models_directory()`.
    """
    directory = directory or models_directory()
    cards = []
    for path in sorted(directory.glob(f"*/{CARD}")):
        if path.parent.name.startswith("."):
            continue
        try:
            cards.append(read_card(path))
        except ModelLoadError:
            continue

    def rank(card: ModelCard) -> tuple[int, float]:
        known = card.name in _PREFERRED
        return (_PREFERRED.index(card.name) if known else len(_PREFERRED), -card.test_accuracy)

    return sorted(cards, key=rank)


def load_card(name: str | None = None, directory: Path | None = None) -> ModelCard:
    """The card of one model.

    Args:
        name: the model's; None takes the default one.
        directory: where to look instead of `models_directory()`.

    Raises:
        ModelNotFoundError: there is no such model, or none at all.
        ModelLoadError: its card is damaged.
    """
    directory = directory or models_directory()
    if name is None:
        cards = list_models(directory)
        if not cards:
            raise ModelNotFoundError(
                "There is no model yet. Train one: 'python -m mnist_core train --architecture "
                f"mlp'. Looked in: {directory}"
            )
        return cards[0]
    path = directory / str(name) / CARD
    if not _NAME.fullmatch(str(name)) or not path.is_file():
        known = ", ".join(card.name for card in list_models(directory)) or "none"
        raise ModelNotFoundError(
            f"There is no model of that name. Choose one of: {known}. Received: {name!r}"
        )
    return read_card(path)


def read_verified(card: ModelCard, file: str, directory: Path | None = None) -> bytes:
    """The content of one of a model's files, checked against its card.

    Raises:
        ModelLoadError: the file is missing, truncated or altered.
    """
    path = (directory or models_directory()) / card.name / file
    again = f"train it again ('python -m mnist_core train --architecture {card.architecture}"
    if card.members:
        again = f"make it again ('python -m mnist_core ensemble {' '.join(card.members)}"
    remedy = (
        f"Restore it ('git checkout -- models/{card.name}' for a bundled model), or {again} --name "
        f"{card.name} --overwrite')."
    )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelLoadError(
            f"A file of model {card.name!r} cannot be read ({error.strerror}). {remedy} "
            f"Received: {path}"
        ) from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != card.sha256.get(file):
        raise ModelLoadError(
            f"A file of model {card.name!r} is truncated or was altered: it does not match its "
            f"card. {remedy} Received: {path}, {len(content):,} bytes, SHA-256 {digest[:12]}…"
        )
    return content
