"""Models on disk: `models/<name>/` with its card, found, checked and put in place whole.

A model is a folder of `model.tflite` (what reads), `model.keras` (what trains on), `card.json`
(what it is and how good), `history.json` (how it learnt) and `predictions.npz` (its answers on the
MNIST test images). A folder without a readable card is not a model.
"""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mnist_core.disk import flush, swap
from mnist_core.errors import ModelLoadError, ModelNotFoundError, TrainingError

__all__ = [
    "CARD",
    "ENSEMBLE",
    "HISTORY",
    "KERAS",
    "PREDICTIONS",
    "TFLITE",
    "ModelCard",
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

CARD = "card.json"
# The architecture of a model that averages others: it is made of them, and not trained.
ENSEMBLE = "ensemble"
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
# A card's numbers, and the most that each can be.
_NUMBERS = {
    "parameters": 1e12,
    "seed": 2**32 - 1,
    "epochs": 1e6,
    "training_seconds": 1e9,
    "validation_accuracy": 1.0,
    "test_accuracy": 1.0,
    "temperature": 1e6,
    "digit_threshold": 1.0,
}
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """What a model is, how it came about and how good it is.

    Attributes:
        name: the name of its folder.
        architecture: a key of `ARCHITECTURES`, or `ENSEMBLE`.
        parameters: number of weights, trained or not.
        seed: of everything random in its training.
        epochs: passes over the training images that were made.
        training_seconds: wall-clock time of the training.
        created: when it was saved, ISO 8601, UTC.
        versions: package name -> version used in training.
        configuration: the training's settings.
        validation_accuracy: share of held-out training images read rightly, 0 to 1.
        test_accuracy: share of the 10,000 MNIST test images read rightly, 0 to 1.
        test_interval: 95 % Wilson interval of `test_accuracy`.
        temperature: what the logits are divided by before softmax, fitted on the held-out images
            (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017).
        digit_threshold: a digit score below this is no digit, 0 to 1.
        sha256: file name -> SHA-256 of each file beside the card.
        fine_tuning: of a model that was fine-tuned: from which "model" (and "sha256" of its
            network) and with how many "corrections", how many of those were and are read rightly
            ("corrections_right_before", "corrections_right"), "test_accuracy_before" and
            "test_accuracy", and which images were "held_out"; empty for others.
    """

    name: str
    architecture: str
    parameters: int
    seed: int
    epochs: int
    training_seconds: float
    created: str
    versions: Mapping[str, str]
    configuration: Mapping[str, Any]
    validation_accuracy: float
    test_accuracy: float
    test_interval: tuple[float, float]
    temperature: float
    digit_threshold: float
    sha256: Mapping[str, str] = field(default_factory=dict)
    fine_tuning: Mapping[str, Any] = field(default_factory=dict)

    @property
    def members(self) -> tuple[str, ...]:
        """Of an ensemble, the models that it averages, as they were called; empty for others."""
        return tuple(self.configuration["members"]) if self.architecture == ENSEMBLE else ()

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> ModelCard:
        """The card from what `dataclasses.asdict` and JSON made of it.

        Raises:
            KeyError, TypeError, ValueError: a value is missing, of another kind or out of range.
        """
        low, high = values["test_interval"]
        card = cls(**values | {"test_interval": (float(low), float(high))})
        for name, top in _NUMBERS.items():
            value = getattr(card, name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise TypeError(f"{name} is a number. Received: {value!r}")
            if not 0 <= value <= top:
                raise ValueError(f"{name} is 0 to {top:g}. Received: {value!r}")
        if card.temperature == 0:
            raise ValueError("temperature is above 0. Received: 0")
        if not 0 <= card.test_interval[0] <= card.test_interval[1] <= 1:
            raise ValueError(f"test_interval is low, high. Received: {card.test_interval}")
        for name in ("name", "architecture", "created"):
            if not isinstance(getattr(card, name), str):
                raise TypeError(f"{name} is text. Received: {getattr(card, name)!r}")
        for name in ("versions", "configuration", "sha256", "fine_tuning"):
            if not isinstance(getattr(card, name), Mapping):
                raise TypeError(f"{name} is a table. Received: {getattr(card, name)!r}")
        members = card.configuration.get("members")
        if card.architecture == ENSEMBLE and not (
            isinstance(members, list) and all(isinstance(name, str) for name in members)
        ):
            raise TypeError(f"members are names. Received: {members!r}")
        return card


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
            cards.append(_parse_card(path))
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
    return _parse_card(path)


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


def write_card(card: ModelCard, folder: Path) -> ModelCard:
    """Write the card into a folder with the hashes of the files that are there; return it."""
    sha256 = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.name != CARD
    }
    card = dataclasses.replace(card, sha256=sha256)
    text = json.dumps(dataclasses.asdict(card), indent=2, ensure_ascii=False)
    (folder / CARD).write_text(text + "\n", encoding="utf-8")
    return card


def _parse_card(path: Path) -> ModelCard:
    try:
        card = ModelCard.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise ModelLoadError(
            f"The card of model {path.parent.name!r} cannot be read ({error!r}). Restore the "
            f"folder, or train the model again. Received: {path}"
        ) from error
    if card.name != path.parent.name:
        raise ModelLoadError(
            "The card belongs to another model: a folder and its card have the same name. Rename "
            f"the folder back. Received: card {card.name!r} in folder {path.parent.name!r}"
        )
    return card
