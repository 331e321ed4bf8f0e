"""The files beside a model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support.archives import make_npz
from support.cards import make_card

from mnist_core import ModelCard, ModelLoadError, list_models
from mnist_core.registry.artifacts import load_history, load_predictions
from mnist_core.registry.card import HISTORY, PREDICTIONS, write_card


def save(folder: Path, **files: bytes) -> ModelCard:
    """A model's folder with these files, and its card."""
    (folder / "mine").mkdir()
    names = {"predictions": PREDICTIONS, "history": HISTORY}
    for name, content in files.items():
        (folder / "mine" / names[name]).write_bytes(content)
    return write_card(make_card(), folder / "mine")


@pytest.mark.parametrize("card", list_models(), ids=lambda card: card.name)
def test_bundled_models_have_predictions_and_a_history(card: ModelCard) -> None:
    assert load_predictions(card).shape == (10_000, 10)
    assert len(load_history(card)["loss"]) == card.epochs


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"numbers",
        make_npz(other=np.zeros((10_000, 10), np.float32)),
        make_npz(probabilities=np.zeros((10_000, 11), np.float32)),
        make_npz(probabilities=np.zeros((9_999, 10), np.float32)),
        make_npz(probabilities=np.zeros((10_000, 10))),
        make_npz(probabilities=np.array([{}], object)),
    ],
)
def test_load_predictions_explains_other_content(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ModelLoadError, match="Received"):
        load_predictions(save(tmp_path, predictions=content), tmp_path)


HISTORIES = [
    {},
    {"loss": [1.0]},
    {"loss": 1, "accuracy": 1, "val_loss": 1, "val_accuracy": 1},
    {"loss": [1.0], "accuracy": [1.0], "val_loss": [1.0], "val_accuracy": []},
    [],
]


@pytest.mark.parametrize("history", HISTORIES)
def test_load_history_explains_other_content(tmp_path: Path, history: object) -> None:
    card = save(tmp_path, history=json.dumps(history).encode())
    with pytest.raises(ModelLoadError, match="Received"):
        load_history(card, tmp_path)


def test_artifacts_that_are_altered_or_missing_are_explained(
    tmp_path: Path,
) -> None:
    card = save(tmp_path, predictions=make_npz(probabilities=np.zeros((10_000, 10), np.float32)))
    (tmp_path / "mine" / PREDICTIONS).write_bytes(b"other")
    with pytest.raises(ModelLoadError, match="altered"):
        load_predictions(card, tmp_path)
    with pytest.raises(ModelLoadError, match="cannot be read"):
        load_history(card, tmp_path)
