"""The architectures, and the networks that Keras builds from them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from support.keras_networks import build_all
from support.processes import run_with_tensorflow

from mnist_core import TrainingError, list_models
from mnist_core.networks.architectures import ARCHITECTURES, get_architecture
from mnist_core.networks.summary import layers_of


@pytest.fixture(scope="module")
def built() -> dict[str, dict[str, Any]]:
    """Shapes, layers and logits of each untrained network."""
    networks = run_with_tensorflow(build_all)
    assert set(networks) == set(ARCHITECTURES)
    return networks


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_get_architecture_finds_each_name(name: str) -> None:
    architecture = get_architecture(name)
    assert architecture.name == name
    assert architecture.summary.endswith(".")
    assert architecture.epochs >= 1
    assert architecture.batch_size >= 1
    assert 0 < architecture.learning_rate < 1


@pytest.mark.parametrize("name", ["resnet", "", "MLP", "../cnn", None])
def test_get_architecture_refuses_unknown_names_and_lists_the_known_ones(name: str) -> None:
    with pytest.raises(TrainingError, match="mlp, cnn") as error:
        get_architecture(name)
    assert repr(name) in str(error.value)


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_networks_take_images_and_return_logits(built: dict[str, Any], name: str) -> None:
    outputs = 11 if get_architecture(name).uses_synthetic_data else 10
    assert built[name]["input"] == (None, 28, 28)
    assert built[name]["output"] == (None, outputs)
    assert built[name]["logits"].dtype == np.float32
    # Probabilities would all be positive.
    assert built[name]["logits"].min() < 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_networks_use_no_dropout_at_inference(built: dict[str, Any], name: str) -> None:
    assert np.array_equal(built[name]["logits"], built[name]["logits again"])


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_networks_of_two_builds_share_no_weights(built: dict[str, Any], name: str) -> None:
    assert not built[name]["shares weights"]


@pytest.mark.slow
def test_cards_have_the_number_of_parameters(built: dict[str, Any]) -> None:
    for card in list_models():
        assert card.parameters == built[card.architecture]["parameters"]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_layers_of_agrees_with_keras(built: dict[str, dict[str, Any]], name: str) -> None:
    for key, dropout in (("layers", None), ("layers with dropout", 0.25)):
        layers = [asdict(layer) for layer in layers_of(name, dropout)]
        assert layers == built[name][key], "Run: python -m mnist_core.networks.summary"
    assert sum(layer.parameters for layer in layers_of(name)) == built[name]["parameters"]
    assert layers_of(name, 0.0)[-1] == layers_of(name)[-1]
