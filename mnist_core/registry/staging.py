"""Save, replace, rename and delete models, each in one step for other processes."""

from __future__ import annotations

import dataclasses
import errno
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mnist_core.errors import TrainingError
from mnist_core.registry.card import CARD, STRINGS, ModelCard, check_name, is_name, write_card
from mnist_core.registry.store import is_bundled, load_card, no_such_model
from mnist_core.storage.files import flush
from mnist_core.storage.paths import models_directory

__all__ = ["check_free", "delete_model", "rename_model", "staged_model"]

# A hidden folder that is older was left by a process that was killed, s.
_ABANDONED = 3600.0
# How often a model is moved aside, if other processes save one of the same name meanwhile.
_ATTEMPTS = 20


def check_free(name: str, directory: Path | None = None, *, overwrite: bool = False) -> None:
    """Check before a long training that a model of that name could be saved.

    Raises:
        TrainingError: the name is invalid, or is taken and `overwrite` is False.
        OSError: the folder cannot be written.
    """
    directory = directory or models_directory()
    if check_name(name) == STRINGS:
        raise TrainingError(
            f"The name {STRINGS!r} is reserved for the network that reads digits that touch. "
            f"Choose another name. Received: {name!r}"
        )
    if (directory / name).exists() and not overwrite:
        raise _taken(name)
    directory.mkdir(parents=True, exist_ok=True)
    _hidden_folder(name, directory).rmdir()


def delete_model(name: str, directory: Path | None = None) -> None:
    """Delete a model permanently.

    Raises:
        ModelNotFoundError: there is no such model.
        TrainingError: it came with the repository, or its folder cannot be written.
    """
    directory = directory or models_directory()
    folder = _changeable(name, directory)
    try:
        aside = _hidden_folder(name, directory)
        folder.rename(aside / name)
    except OSError as error:
        raise _unwritable(error, folder) from error
    shutil.rmtree(aside, ignore_errors=True)


def rename_model(name: str, new: str, directory: Path | None = None) -> ModelCard:
    """Give a model another name; return its new card.

    Raises:
        ModelNotFoundError: there is no such model.
        ModelLoadError: its card is damaged.
        TrainingError: it came with the repository, the new name is taken or invalid, or the folder
            cannot be written.
    """
    directory = directory or models_directory()
    folder = _changeable(name, directory)
    card = load_card(name, directory)
    try:
        # The card contains the name: a copy with another card replaces the old folder.
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
    """The folder of a model that may be deleted."""
    if is_bundled(name, directory):
        raise TrainingError(
            "This model came with the repository and cannot be changed. Train one of your own. "
            f"Received: {name!r}"
        )
    if not is_name(name) or not (directory / name).is_dir():
        raise no_such_model(name, directory)
    return directory / name


def _hidden_folder(name: str, directory: Path) -> Path:
    return Path(tempfile.mkdtemp(prefix=f".{name}-", dir=directory))


def _unwritable(error: OSError, path: Path) -> TrainingError:
    return TrainingError(
        f"The folder cannot be changed ({error.strerror or error}). Make room, or check your "
        f"rights to it. Received: {path}"
    )


@contextmanager
def staged_model(
    name: str, directory: Path | None = None, *, overwrite: bool = False
) -> Iterator[Path]:
    """A hidden folder to write a model into, renamed to `models/<name>` when the block ends.

    Other processes see no model or a complete one. If the block raises, the folder is removed.

    Raises:
        TrainingError: the name is invalid, or is taken and `overwrite` is False.
    """
    directory = directory or models_directory()
    target = directory / check_name(name)
    if target.exists() and not overwrite:
        raise _taken(name)
    directory.mkdir(parents=True, exist_ok=True)
    _sweep(directory)
    stage = _hidden_folder(name, directory)
    try:
        yield stage
        stage.chmod(0o755)  # mkdtemp makes it private
        for path in (*stage.iterdir(), stage):
            flush(path)
        _put_in_place(stage, target, overwrite=overwrite)
        flush(directory)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _sweep(directory: Path) -> None:
    """Remove the hidden folders of processes that were killed while they saved."""
    for path in directory.glob(".*-*"):
        with suppress(OSError):
            if path.is_dir() and time.time() - path.stat().st_mtime > _ABANDONED:
                shutil.rmtree(path, ignore_errors=True)


def _put_in_place(stage: Path, target: Path, *, overwrite: bool) -> None:
    """Rename a folder; if its name is taken and `overwrite` is True, move the old one aside.

    Between the two renames, microseconds, there is no model of that name (see `load_card`).
    """
    aside = _hidden_folder(target.name, target.parent)
    try:
        for attempt in range(_ATTEMPTS):
            try:
                stage.rename(target)
                return
            except OSError as error:
                if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                    raise
            if not overwrite:
                break
            with suppress(FileNotFoundError):  # another process moved it
                target.rename(aside / str(attempt))
        raise _taken(target.name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _taken(name: str) -> TrainingError:
    return TrainingError(
        "A model of that name already exists. Choose another name, or allow replacing it "
        f"('--overwrite'). Received: {name!r}"
    )
