"""A model's LiteRT file, made again from its Keras network."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.cards import make_card
from support.processes import run_with_tensorflow

from mnist_core import ModelLoadError, TrainingError, load_recognizer
from mnist_core.evaluation.datasets import mnist_validation
from mnist_core.registry.artifacts import load_predictions
from mnist_core.registry.card import CARD, ENSEMBLE, HISTORY, KERAS, TFLITE, write_card
from mnist_core.registry.store import load_card
from mnist_core.storage.paths import BUNDLED_MODELS
from mnist_core.training.export import export_again


def test_export_again_in_8_bits_keeps_the_network_and_fits_the_rest_again(tmp_path: Path) -> None:
    shutil.copytree(BUNDLED_MODELS / "mlp", tmp_path / "mlp")
    before = load_card("mlp", tmp_path)
    card = run_with_tensorflow(_export, "mlp", tmp_path)
    assert card == load_card("mlp", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mlp"]
    assert card.configuration == {**before.configuration, "quantize": True}
    for file in (KERAS, HISTORY):
        assert card.sha256[file] == before.sha256[file]
    assert (tmp_path / "mlp" / TFLITE).stat().st_size < 500_000
    recognizer = load_recognizer("mlp", tmp_path)
    data = mnist_validation([card])
    answers = recognizer.classify(data.images)
    correct = (answers.argmax(axis=1) == data.labels).mean()
    assert (
        correct == card.validation_accuracy == pytest.approx(before.validation_accuracy, abs=1e-3)
    )
    rejected = (answers.max(axis=1) < card.digit_threshold).mean()
    assert rejected == pytest.approx(0.003, abs=3e-4)
    assert card.temperature == pytest.approx(before.temperature, rel=0.02)
    # The stored answers to the test images are those of the new file.
    assert load_predictions(card, tmp_path) != pytest.approx(
        load_predictions(load_card("mlp")), abs=1e-4
    )


def test_export_again_explains_an_ensemble_and_a_damaged_model(tmp_path: Path) -> None:
    (tmp_path / "duo").mkdir()
    write_card(
        make_card("duo", architecture=ENSEMBLE, configuration={"members": ["mlp", "cnn"]}),
        tmp_path / "duo",
    )
    with pytest.raises(TrainingError, match="ensemble mlp cnn --name duo --overwrite"):
        export_again("duo", directory=tmp_path)
    shutil.copytree(BUNDLED_MODELS / "mlp", tmp_path / "mlp")
    (tmp_path / "mlp" / KERAS).write_bytes(b"damaged")
    before = (tmp_path / "mlp" / CARD).read_bytes()
    with pytest.raises(ModelLoadError, match="truncated or was altered"):
        export_again("mlp", directory=tmp_path)
    assert (tmp_path / "mlp" / CARD).read_bytes() == before


def _export(name: str, directory: Path) -> object:
    return export_again(name, quantize=True, directory=directory)


def test_export_again_explains_a_network_of_another_version(tmp_path: Path) -> None:
    shutil.copytree(BUNDLED_MODELS / "mlp", tmp_path / "mlp")
    (tmp_path / "mlp" / KERAS).write_bytes(b"written by another Keras")
    write_card(load_card("mlp", tmp_path), tmp_path / "mlp")
    with pytest.raises(ModelLoadError, match="cannot load the network"):
        run_with_tensorflow(_export, "mlp", tmp_path)
