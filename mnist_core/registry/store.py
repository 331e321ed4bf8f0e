"""Find and read models, each a folder `models/<name>/`.

It holds `model.tflite` (for inference), `model.keras` (for training), `card.json` (the model card),
`history.json` (the training curves) and `predictions.npz` (the probabilities for the MNIST test
images). A folder without a valid card is not a model.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from mnist_core.errors import ModelLoadError, ModelNotFoundError
from mnist_core.registry.card import CARD, STRINGS, ModelCard, is_name, read_card
from mnist_core.storage.paths import BUNDLED_MODELS, models_directory

__all__ = [
    "damaged_models",
    "is_bundled",
    "list_models",
    "load_card",
    "no_such_model",
    "read_verified",
]

# The models of the repository, in the order of preference for the default; after them comes the
# most accurate on the test images.
_PREFERRED = ("champion", "cnn", "mlp")
# While another process replaces a model, between two renames, it is missing: for microseconds, but
# longer if that process has to wait for the processor. The longest time to wait for it, and between
# two looks, s.
_REPLACEMENT, _LOOK = 2.0, 0.01


def is_bundled(name: str, directory: Path | None = None) -> bool:
    """Whether a model came with the repository; such a model can be neither deleted nor renamed."""
    directory = directory or models_directory()
    if name not in _PREFERRED or directory.resolve() == BUNDLED_MODELS.resolve():
        return name in _PREFERRED
    # A copy elsewhere; a model of that name that was trained there is another one.
    try:
        cards = [read_card(folder / name / CARD) for folder in (directory, BUNDLED_MODELS)]
    except (FileNotFoundError, ModelLoadError):
        return False
    return cards[0].digest == cards[1].digest


def list_models(directory: Path | None = None) -> list[ModelCard]:
    """The cards of all models, the default one first; damaged folders are left out.

    Args:
        directory: where to look instead of `models_directory()`.
    """
    cards = []
    for path in sorted((directory or models_directory()).glob(f"*/{CARD}")):
        if path.parent.name.startswith(".") or path.parent.name == STRINGS:
            continue
        try:
            cards.append(read_card(path))
        except (FileNotFoundError, ModelLoadError):
            continue

    def rank(card: ModelCard) -> tuple[int, float]:
        place = _PREFERRED.index(card.name) if card.name in _PREFERRED else len(_PREFERRED)
        return place, -card.test_accuracy

    return sorted(cards, key=rank)


def damaged_models(directory: Path | None = None) -> list[ModelLoadError]:
    """Why folders are left out of `list_models`, one error for each; folders without a card not."""
    errors = []
    for path in sorted((directory or models_directory()).glob(f"[!.]*/{CARD}")):
        try:
            read_card(path)
        except ModelLoadError as error:
            errors.append(error)
        except FileNotFoundError:
            continue
    return errors


def load_card(name: str | None = None, directory: Path | None = None) -> ModelCard:
    """The card of one model.

    Args:
        name: the model's; None takes the default one.
        directory: where to look instead of `models_directory()`.

    Raises:
        ModelNotFoundError: there is no model of that name, or no model at all.
        ModelLoadError: the card is damaged.
    """
    directory = directory or models_directory()
    deadline = time.monotonic() + _REPLACEMENT
    while (card := _find(name, directory)) is None and time.monotonic() < deadline:
        # A model that is being replaced has a hidden folder beside it.
        if not any(directory.glob(f".{name if is_name(name) else '*'}-*")):
            card = _find(name, directory)  # the replacement may have ended between the two looks
            break
        time.sleep(_LOOK)
    if card is not None:
        return card
    if name is None:
        raise ModelNotFoundError(
            "There is no model yet. Train one: 'python -m mnist_core train --architecture mlp'. "
            f"Looked in: {directory}"
        )
    raise no_such_model(name, directory)


def _find(name: str | None, directory: Path) -> ModelCard | None:
    if name is None:
        return next(iter(list_models(directory)), None)
    try:
        usable = is_name(name) and name != STRINGS
        return read_card(directory / name / CARD) if usable else None
    except FileNotFoundError:
        return None


def no_such_model(name: object, directory: Path) -> ModelNotFoundError:
    """The error for a name that no model has."""
    known = ", ".join(card.name for card in list_models(directory)) or "none"
    return ModelNotFoundError(
        f"There is no model of that name. Choose one of: {known}. Received: {name!r}"
    )


def read_verified(card: ModelCard, file: str, directory: Path | None = None) -> bytes:
    """The content of one of a model's files, checked against its card.

    Raises:
        ModelLoadError: the file is missing, truncated or altered.
    """
    path = (directory or models_directory()) / card.name / file
    if card.members:
        command = f"ensemble {' '.join(card.members)} --name {card.name} --overwrite"
    elif card.architecture == STRINGS:
        command = "train-strings"
    else:
        network = f"--architecture {card.architecture}"
        if card.configuration.get("blocks"):
            network = f"--network {path.with_name(CARD)}"
        command = f"train {network} --name {card.name} --overwrite"
    remedy = (
        f"Restore it ('git checkout -- models/{card.name}' for a bundled model), or make the model "
        f"again ('python -m mnist_core {command}')."
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
