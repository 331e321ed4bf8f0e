"""The model card, `card.json` in a model's folder."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

from mnist_core.errors import ModelLoadError, TrainingError, foreign_bytes, require_number

__all__ = [
    "CARD",
    "ENSEMBLE",
    "HISTORY",
    "KERAS",
    "PREDICTIONS",
    "STRINGS",
    "TFLITE",
    "ModelCard",
    "check_name",
    "is_name",
    "read_card",
    "write_card",
]

# The files in a model's folder.
CARD = "card.json"
HISTORY = "history.json"
KERAS = "model.keras"
PREDICTIONS = "predictions.npz"
TFLITE = "model.tflite"
# The architecture of a model that averages others; it is assembled, not trained.
ENSEMBLE = "ensemble"
# The name and architecture of the string network, which reads digits that touch. It is no choice
# for users: every model uses it.
STRINGS = "strings"

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
# Windows' devices, which no folder can be named after, with or without an extension ("Naming Files,
# Paths, and Namespaces", learn.microsoft.com); nor can its name end with a dot.
_DEVICES = {"con", "prn", "aux", "nul"} | {
    f"{kind}{n}" for kind in ("com", "lpt") for n in range(10)
}
# The longest quote of a damaged card in an error.
_MAX_MESSAGE = 200
# The numbers of a card and their largest values; the smallest is 0.
_NUMBERS = {
    "parameters": 1e12,
    "seed": 2**32 - 1,
    "epochs": 1e6,
    "training_seconds": 1e9,
    "validation_accuracy": 1.0,
    "test_accuracy": 1.0,
    "temperature": 1e6,
    "digit_threshold": 1.0,
    "ordinary_threshold": 1.0,
}
# Its other fields, and their types.
_TYPES: dict[str, type] = {"name": str, "architecture": str, "created": str} | dict.fromkeys(
    ("versions", "configuration", "sha256", "fine_tuning"), Mapping
)


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """A model's architecture, training, calibration and accuracy.

    Attributes:
        name: the name of its folder.
        architecture: a key of `ARCHITECTURES`, or `ENSEMBLE`.
        parameters: number of weights, trainable or not.
        seed: of everything random in its training.
        epochs: completed passes over the training images.
        training_seconds: wall-clock time of the training.
        created: when it was saved, ISO 8601, UTC.
        versions: package name -> version used in training.
        configuration: the training's settings.
        validation_accuracy: share of the validation images classified correctly, 0 to 1.
        test_accuracy: share of the 10,000 MNIST test images classified correctly, 0 to 1.
        test_interval: 95% Wilson interval of `test_accuracy`.
        temperature: divisor of the logits before softmax, fitted on the validation images (Guo et
            al., "On Calibration of Modern Neural Networks", ICML 2017).
        digit_threshold: frames with a digit score below it are non-digits, 0 to 1.
        ordinary_threshold: from this digit score on, a digit is written in an ordinary way; below
            it, in a way that the network has seldom seen. 0 in the cards of earlier models, which
            never say so.
        sha256: file name -> SHA-256 of each file beside the card.
        fine_tuning: of a model with an initial model: the initial "model", the "sha256" of its
            network and its validation split ("held_out"); with corrections also their number
            ("corrections"), how many of them were and are correct ("corrections_right_before",
            "corrections_right"), "test_accuracy_before" and "test_accuracy"; empty for others.
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
    ordinary_threshold: float = 0.0
    sha256: Mapping[str, str] = field(default_factory=dict)
    fine_tuning: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 of the network for inference; "" if the model has not been saved yet."""
        return self.sha256.get(TFLITE, "")

    @property
    def members(self) -> tuple[str, ...]:
        """The names of the models that an ensemble averages; empty for others."""
        return tuple(self.configuration["members"]) if self.architecture == ENSEMBLE else ()

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> ModelCard:
        """Make a card of the JSON form of its `dataclasses.asdict`.

        Raises:
            KeyError, TypeError, ValueError: a value is missing, of another type or out of range.
        """
        low, high = values["test_interval"]
        card = cls(**values | {"test_interval": (float(low), float(high))})
        for name, top in _NUMBERS.items():
            require_number(name, getattr(card, name), 0, top, error=ValueError)
        if card.temperature == 0:
            raise ValueError("temperature must be above 0. Received: 0")
        if not 0 <= card.test_interval[0] <= card.test_interval[1] <= 1:
            raise ValueError(f"test_interval must be (low, high). Received: {card.test_interval}")
        for name, kind in _TYPES.items():
            if not isinstance(getattr(card, name), kind):
                raise TypeError(f"{name} must be a {kind.__name__}. Received: {values[name]!r}")
        members = card.configuration.get("members")
        if card.architecture == ENSEMBLE and not (
            isinstance(members, list) and all(isinstance(name, str) for name in members)
        ):
            raise TypeError(f"members must be a list of names. Received: {members!r}")
        return card


def write_card(card: ModelCard, folder: Path) -> ModelCard:
    """Write a card into a folder, with the digests of the files there; return that card."""
    sha256 = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.name != CARD
    }
    card = dataclasses.replace(card, sha256=sha256)
    text = json.dumps(dataclasses.asdict(card), indent=2, ensure_ascii=False)
    (folder / CARD).write_text(text + "\n", encoding="utf-8")
    return card


def read_card(path: Path) -> ModelCard:
    """Read the card in a model's folder.

    Raises:
        FileNotFoundError: there is no such file.
        ModelLoadError: it is damaged, or another model's.
    """

    def refused(error: Exception) -> ModelLoadError:
        return ModelLoadError(
            f"The card of model {path.parent.name!r} cannot be read ({_shortened(repr(error))}). "
            f"Restore the folder, or train the model again. Received: {path}"
        )

    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise refused(error) from error
    with foreign_bytes(refused):
        card = ModelCard.from_json(json.loads(content))
    if card.name != path.parent.name:
        raise ModelLoadError(
            "The card belongs to another model: a folder and its card have the same name. Rename "
            f"the folder back. Received: card {card.name!r} in folder {path.parent.name!r}"
        )
    return card


def _shortened(text: str) -> str:
    """A message that fits on a page, even if it quotes a number of 400 digits."""
    return text if len(text) <= _MAX_MESSAGE else f"{text[:_MAX_MESSAGE]}…"


def is_name(name: object) -> TypeGuard[str]:
    """Whether a model can have that name."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return False
    return not name.endswith(".") and name.split(".")[0] not in _DEVICES


def check_name(name: object) -> str:
    """Return the name if a model can have it.

    Raises:
        TrainingError: it is empty, too long, a path, has other characters, or is none for a folder
            on Windows.
    """
    if not is_name(name):
        raise TrainingError(
            "A model's name is 1 to 40 characters: lower-case letters, digits, '-', '_' and '.'. "
            "It begins with a letter or digit, does not end with '.', and is no device of Windows "
            f"such as 'con' or 'com1'. Received: {name!r}"
        )
    return name
