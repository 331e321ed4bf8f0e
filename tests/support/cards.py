"""Model cards for tests."""

from __future__ import annotations

from pathlib import Path

from mnist_core import ModelCard
from mnist_core.registry.card import TFLITE, write_card
from mnist_core.registry.staging import staged_model


def make_card(name: str = "mine", **changes: object) -> ModelCard:
    """A complete card with the given changes."""
    values: dict[str, object] = {
        "name": name,
        "architecture": "mlp",
        "parameters": 407_050,
        "seed": 1,
        "epochs": 2,
        "training_seconds": 3.5,
        "created": "2026-01-01T00:00:00+00:00",
        "versions": {"keras": "3"},
        "configuration": {"epochs": 2},
        "validation_accuracy": 0.97,
        "test_accuracy": 0.98,
        "test_interval": (0.977, 0.983),
        "temperature": 1.25,
        "digit_threshold": 0.5,
        "sha256": {},
    }
    return ModelCard(**values | changes)  # type: ignore[arg-type]


def save_model(directory: Path, name: str, **changes: object) -> None:
    """Save a model whose network is not one, with a card with the given changes."""
    with staged_model(name, directory) as stage:
        (stage / TFLITE).write_bytes(b"a network")
        write_card(make_card(name, **changes), stage)
