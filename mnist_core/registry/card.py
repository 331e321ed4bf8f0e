"""What is known of a model: the card that lies beside its network."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mnist_core.errors import ModelLoadError, TrainingError

__all__ = [
    "CARD",
    "ENSEMBLE",
    "HISTORY",
    "KERAS",
    "PREDICTIONS",
    "TFLITE",
    "ModelCard",
    "check_name",
    "read_card",
    "write_card",
]

CARD = "card.json"
# The architecture of a model that averages others: it is made of them, and not trained.
ENSEMBLE = "ensemble"
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


HISTORY = "history.json"
KERAS = "model.keras"
PREDICTIONS = "predictions.npz"
TFLITE = "model.tflite"


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
    def digest(self) -> str:
        """SHA-256 of the network that reads; "" of a model that has not been saved yet."""
        return self.sha256.get(TFLITE, "")

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


def read_card(path: Path) -> ModelCard:
    """The card in a model's folder.

    Args:
        path: the card's file.

    Raises:
        ModelLoadError: it is missing, damaged, or another model's.
    """
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
