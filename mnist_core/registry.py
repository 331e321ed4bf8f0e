"""Models on disk: `models/<name>/` with its card, found, checked and put in place whole.

A model is a folder of `model.tflite` (what reads), `model.keras` (what trains on), `card.json`
(what it is and how good), `history.json` (how it learnt) and `predictions.npz` (its answers on the
MNIST test images). A folder without a readable card is not a model.
"""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mnist_core.card import CARD, ModelCard, read_card, write_card
from mnist_core.disk import flush, swap
from mnist_core.errors import ModelLoadError, ModelNotFoundError, TrainingError

__all__ = [
    "HISTORY",
    "KERAS",
    "PREDICTIONS",
    "TFLITE",
    "check_free",
    "check_name",
    "delete_model",
    "is_bundled",
    "list_models",
    "load_card",
    "models_directory",
    "read_verified",
    "rename_model",
    "staged_model",
]

HISTORY = "history.json"
KERAS = "model.keras"
PREDICTIONS = "predictions.npz"
TFLITE = "model.tflite"

_DIRECTORY_VARIABLE = "MNIST_MODELS"
_BUNDLED_DIRECTORY = Path(__file__).resolve().parent.parent / "models"
# The models of the repository, in the order in which a default is looked for; then the best on the
# test images.
_PREFERRED = ("champion", "cnn", "mlp")
# A hidden folder that nobody has finished for so long is left from a process that was killed, s.
_ABANDONED = 3600.0
# How often a model is put in the place of another that comes back.
_ATTEMPTS = 20
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


def models_directory() -> Path:
    """Where models are kept: `$MNIST_MODELS`, or `models/` beside the package."""
    configured = os.environ.get(_DIRECTORY_VARIABLE)
    return Path(configured) if configured else _BUNDLED_DIRECTORY


def check_name(name: object) -> str:
    """Return the name if it can name a model.

    Raises:
        TrainingError: it cannot: a path, empty, too long, or with odd characters.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise TrainingError(
            "A model's name is 1 to 40 characters: lower-case letters, digits, '-', '_' and '.', "
            f"beginning with a letter or digit. Received: {name!r}"
        )
    return name


def check_free(name: str, directory: Path | None = None, *, overwrite: bool = False) -> None:
    """Make sure, before hours are spent, that a model of that name could be saved.

    Raises:
        TrainingError: the name is not a name, or is taken and `overwrite` is False.
        OSError: the folder cannot be written.
    """
    directory = directory or models_directory()
    if (directory / check_name(name)).exists() and not overwrite:
        raise _taken(name)
    directory.mkdir(parents=True, exist_ok=True)
    Path(tempfile.mkdtemp(prefix=f".{name}-", dir=directory)).rmdir()


def is_bundled(name: str, directory: Path | None = None) -> bool:
    """True for a model that came with the repository: pages neither remove nor replace it."""
    directory = directory or models_directory()
    return name in _PREFERRED and directory.absolute() == _BUNDLED_DIRECTORY


def delete_model(name: str, directory: Path | None = None) -> None:
    """Remove a model for good.

    Raises:
        ModelNotFoundError: there is no such model.
        TrainingError: it came with the repository, or its folder cannot be written.
    """
    directory = directory or models_directory()
    folder = _changeable(name, directory)
    try:
        # Gone in one step; a process that reads at this moment has read it, or finds none.
        aside = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=directory))
        folder.rename(aside / name)
    except OSError as error:
        raise _unwritable(error, folder) from error
    shutil.rmtree(aside, ignore_errors=True)


def rename_model(name: str, new: str, directory: Path | None = None) -> ModelCard:
    """Give a model another name; return its new card.

    Raises:
        ModelNotFoundError: there is no such model.
        ModelLoadError: its card is damaged.
        TrainingError: it came with the repository, the new name is taken or not a name, or the
            folder cannot be written.
    """
    directory = directory or models_directory()
    folder = _changeable(name, directory)
    card = load_card(name, directory)
    try:
        # The card has the name too: the new folder is made beside the old one, then that one goes.
        with staged_model(new, directory) as stage:
            for path in folder.iterdir():
                if path.is_file() and path.name != CARD:
                    shutil.copy2(path, stage)
            card = write_card(dataclasses.replace(card, name=new), stage)
    except OSError as error:
        raise _unwritable(error, directory / new) from error
    delete_model(name, directory)
    return card


def _changeable(name: str, directory: Path) -> Path:
    if is_bundled(name, directory):
        raise TrainingError(
            "This model came with the repository and stays as it is. Train one of your own. "
            f"Received: {name!r}"
        )
    folder = directory / str(name)
    if not _NAME.fullmatch(str(name)) or not folder.is_dir():
        known = ", ".join(card.name for card in list_models(directory)) or "none"
        raise ModelNotFoundError(
            f"There is no model of that name. Choose one of: {known}. Received: {name!r}"
        )
    return folder


def _unwritable(error: OSError, path: Path) -> TrainingError:
    return TrainingError(
        f"The folder cannot be changed ({error.strerror or error}). Make room, or check your "
        f"rights to it. Received: {path}"
    )


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


@contextmanager
def staged_model(
    name: str, directory: Path | None = None, *, overwrite: bool = False
) -> Iterator[Path]:
    """A hidden folder to write a model into; it gets its name only when all of it is there.

    On leaving, the folder is renamed to `models/<name>`: other processes see no model or a whole
    one. When the block raises, nothing is left behind.

    Raises:
        TrainingError: the name is not a name, or is taken and `overwrite` is False.
    """
    directory = directory or models_directory()
    target = directory / check_name(name)
    if target.exists() and not overwrite:
        raise _taken(name)
    directory.mkdir(parents=True, exist_ok=True)
    _sweep(directory)
    stage = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=directory))
    try:
        yield stage
        stage.chmod(0o755)  # mkdtemp makes it private; a model is not
        for path in (*stage.iterdir(), stage):
            flush(path)
        _put_in_place(stage, target, overwrite=overwrite)
        flush(directory)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _sweep(directory: Path) -> None:
    """Remove what processes that were killed while they saved have left."""
    for path in directory.glob(".*-*"):
        with suppress(OSError):
            if path.is_dir() and time.time() - path.stat().st_mtime > _ABANDONED:
                shutil.rmtree(path, ignore_errors=True)


def _put_in_place(stage: Path, target: Path, *, overwrite: bool) -> None:
    """Rename the folder; where another is in the way and may be replaced, swap the two.

    Where the system cannot swap, that one is moved aside first: for a moment there is none.
    """
    for _ in range(_ATTEMPTS):
        try:
            stage.rename(target)
            return
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
        if not overwrite:
            raise _taken(target.name)
        if swap(stage, target):
            return
        # Another process may do the same at this moment: whoever comes last has its model kept.
        aside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        with suppress(FileNotFoundError):
            target.rename(aside / target.name)
        shutil.rmtree(aside, ignore_errors=True)
    raise _taken(target.name)


def _taken(name: str) -> TrainingError:
    return TrainingError(
        "A model of that name is there already. Choose another name, or allow it to be replaced "
        f"('--overwrite'). Received: {name!r}"
    )
