"""Changes to `models/<name>/`: a model is saved, replaced, renamed or deleted in one step."""

from __future__ import annotations

import dataclasses
import errno
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mnist_core.errors import ModelNotFoundError, TrainingError
from mnist_core.registry.card import _NAME, CARD, ModelCard, check_name, write_card
from mnist_core.registry.store import is_bundled, list_models, load_card
from mnist_core.storage.files import flush, swap
from mnist_core.storage.paths import models_directory

__all__ = ["check_free", "delete_model", "rename_model", "staged_model"]

# A hidden folder that nobody has finished for so long is left from a process that was killed, s.
_ABANDONED = 3600.0
# How often a model is put in the place of another that comes back.
_ATTEMPTS = 20


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
