"""A model of blocks works wherever another one does."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from support.cards import make_card
from support.commands import run_command
from support.frames import make_correction
from support.processes import run_with_tensorflow
from support.trainings import use_network_of_blocks

from mnist_core import TrainingConfig, TrainingError, list_models, load_mnist, load_recognizer
from mnist_core.cli.train import config_from
from mnist_core.corrections.store import CorrectionStore
from mnist_core.explanation.activations import open_activations
from mnist_core.explanation.grad_cam import grad_cam
from mnist_core.explanation.keras_process import keras_process
from mnist_core.networks.blocks.block import BLOCKS
from mnist_core.networks.blocks.file import parse_blocks, read_blocks_file, write_blocks
from mnist_core.networks.blocks.kinds import Convolution, Dense, Dropout, Normalization, Pooling
from mnist_core.networks.blocks.plan import OUTPUT, plan_blocks
from mnist_core.registry.card import CARD, TFLITE, ModelCard, write_card
from mnist_core.registry.staging import staged_model
from mnist_core.registry.store import load_card, read_verified
from mnist_core.training.config import network_of

BLOCKS_OF_ALL_KINDS = (
    Convolution(filters=8),
    Normalization(),
    Pooling(window=3),
    Dense(units=32),
    Normalization(),
    Dropout(rate=0.1),
    OUTPUT,
)


def card_of_blocks(name: str = "mine") -> ModelCard:
    blocks = [dataclasses.asdict(block) for block in BLOCKS_OF_ALL_KINDS]
    configuration = {"architecture": BLOCKS, "blocks": blocks}
    return make_card(name, architecture=BLOCKS, configuration=configuration)


def test_command_line_reads_the_file_of_a_network(tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    path.write_text(write_blocks(BLOCKS_OF_ALL_KINDS), encoding="utf-8")
    config = config_from({"network": path, "name": "mine", "quick": True})
    assert (config.architecture, config.blocks) == (BLOCKS, BLOCKS_OF_ALL_KINDS)
    assert config.epochs == 2
    with pytest.raises(TrainingError, match="Leave out --architecture or --network"):
        config_from({"network": path, "architecture": "cnn"})
    path.write_text('{"blocks": [{"kind": "pooling", "window": 28}, {"kind": "pooling"}]}')
    result = run_command("train", "--network", path)
    assert result.returncode == 2
    assert result.stderr.startswith("mnist_core: The last block is the output")
    assert len(result.stderr.splitlines()) == 1


def test_fine_tuning_takes_the_blocks_from_the_card(own_models: Path) -> None:
    with staged_model("mine", own_models) as stage:
        write_card(card_of_blocks(), stage)
    config = config_from({"initial_model": "mine"})
    assert config.blocks == BLOCKS_OF_ALL_KINDS
    assert config.resolved().name == "mine-tuned"


def test_damaged_model_of_blocks_says_how_it_is_made_again(own_models: Path) -> None:
    with staged_model("mine", own_models) as stage:
        (stage / TFLITE).write_bytes(b"x")
        card = write_card(card_of_blocks(), stage)
    assert read_blocks_file(own_models / "mine" / CARD) == BLOCKS_OF_ALL_KINDS
    (own_models / "mine" / TFLITE).write_bytes(b"y")
    with pytest.raises(Exception, match=r"train --network .*mine/card\.json --name mine"):
        read_verified(card, TFLITE)


@pytest.mark.slow
def test_model_of_blocks_works_like_any_other(
    own_models: Path, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_CORRECTIONS", str(tmp_path / "corrections.sqlite3"))
    CorrectionStore().add(make_correction())
    config = TrainingConfig(
        architecture=BLOCKS, blocks=BLOCKS_OF_ALL_KINDS, name="first", training_images=2000,
        epochs=4, batch_size=32, quantize=True,
    )  # fmt: skip
    run_with_tensorflow(use_network_of_blocks, config)
    heat_map = grad_cam(keras_process(), load_card("tuned"), load_mnist().x_test[0], 7)
    assert (heat_map.shape, heat_map.max()) == ((28, 28), 1)
    cards = {card.name: card for card in list_models()}
    assert set(cards) == {"first", "devices", "tuned", "duo"}
    for name in ("first", "devices", "tuned"):
        assert cards[name].architecture == BLOCKS
        assert parse_blocks(cards[name].configuration["blocks"]) == BLOCKS_OF_ALL_KINDS
        assert cards[name].parameters == plan_blocks(BLOCKS_OF_ALL_KINDS).parameters
    assert cards["tuned"].fine_tuning["model"] == "first"
    assert cards["duo"].members == ("first", "tuned")
    frame = load_mnist().x_test[0]
    for name, card in cards.items():
        assert card.test_accuracy > 0.75, name
        assert load_recognizer(name).classify(frame[np.newaxis]).argmax() == 7
        assert open_activations(card).features(frame[np.newaxis]).shape == (
            1,
            64 if name == "duo" else 32,
        )
    assert [a.name for a in open_activations(cards["tuned"]).layers(frame)][:2] == [
        "convolution 1",
        "pooling 1",
    ]
    # Another network cannot begin with its weights.
    other = dataclasses.replace(
        TrainingConfig(**network_of(cards["first"]), initial_model="first", name="other"),
        blocks=(Dense(), OUTPUT),
    )
    path = tmp_path / "other.json"
    path.write_text(write_blocks(other.blocks or ()))
    result = run_command("train", "--network", path, "--initial-model", "first", "--name", "other")
    assert result.returncode == 2
    assert "keeps its blocks" in result.stderr
    assert json.loads(run_command("runs", "--json").stdout)[0]["configuration"]["blocks"]
