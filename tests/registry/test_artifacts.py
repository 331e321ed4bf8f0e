"""What is stored beside a model, and answers as CSV."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from support.cards import make_card

from mnist_core import ModelCard, ModelLoadError, list_models
from mnist_core.evaluation.export import predictions_csv
from mnist_core.evaluation.metrics import evaluate_probabilities
from mnist_core.registry.artifacts import load_history, load_predictions
from mnist_core.registry.card import HISTORY, PREDICTIONS, write_card


def saved(folder: Path, **files: bytes) -> ModelCard:
    """A model's folder with these files, and its card."""
    (folder / "mine").mkdir()
    names = {"predictions": PREDICTIONS, "history": HISTORY}
    for name, content in files.items():
        (folder / "mine" / names[name]).write_bytes(content)
    return write_card(make_card(), folder / "mine")


def npz(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


@pytest.mark.parametrize("card", list_models(), ids=lambda card: card.name)
def test_every_bundled_model_has_its_answers_and_its_history(card: ModelCard) -> None:
    assert load_predictions(card).shape == (10_000, 10)
    assert len(load_history(card)["loss"]) == card.epochs


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"numbers",
        npz(other=np.zeros((10_000, 10), np.float32)),
        npz(probabilities=np.zeros((10_000, 11), np.float32)),
        npz(probabilities=np.zeros((9_999, 10), np.float32)),
        npz(probabilities=np.zeros((10_000, 10))),
        npz(probabilities=np.array([{}], object)),
    ],
)
def test_predictions_that_are_none_are_explained(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ModelLoadError, match="Received"):
        load_predictions(saved(tmp_path, predictions=content), tmp_path)


HISTORIES = [
    {},
    {"loss": [1.0]},
    {"loss": 1, "accuracy": 1, "val_loss": 1, "val_accuracy": 1},
    {"loss": [1.0], "accuracy": [1.0], "val_loss": [1.0], "val_accuracy": []},
    [],
]


@pytest.mark.parametrize("history", HISTORIES)
def test_a_history_that_is_none_is_explained(tmp_path: Path, history: object) -> None:
    card = saved(tmp_path, history=json.dumps(history).encode())
    with pytest.raises(ModelLoadError, match="Received"):
        load_history(card, tmp_path)


def test_altered_files_are_explained(tmp_path: Path) -> None:
    card = saved(tmp_path, predictions=npz(probabilities=np.zeros((10_000, 10), np.float32)))
    (tmp_path / "mine" / PREDICTIONS).write_bytes(b"other")
    with pytest.raises(ModelLoadError, match="altered"):
        load_predictions(card, tmp_path)
    with pytest.raises(ModelLoadError, match="cannot be read"):
        load_history(card, tmp_path)


def test_the_csv_tells_every_answer() -> None:
    probabilities = np.zeros((2, 10), np.float32)
    probabilities[0, 7], probabilities[0, 1] = 0.75, 0.25
    probabilities[1, 4], probabilities[1, 9] = 0.1, 0.9
    text = predictions_csv(evaluate_probabilities(probabilities, np.array([7, 4])))
    first, second = csv.DictReader(io.StringIO(text))
    assert (first["image"], first["truth"], first["answer"], first["right"]) == ("0", "7", "7", "1")
    assert (second["truth"], second["answer"], second["right"]) == ("4", "9", "0")
    # float32, written so that nothing is lost.
    assert np.float32(second["confidence"]) == np.float32(0.9)
    for row, expected in zip((first, second), probabilities, strict=True):
        assert [np.float32(row[f"p{digit}"]) for digit in range(10)] == expected.tolist()
