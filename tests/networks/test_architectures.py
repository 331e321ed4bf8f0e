"""The networks: their settings, and what Keras builds of them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from typing import Any

import pytest

from mnist_core import TrainingError, list_models
from mnist_core.networks.architectures import ARCHITECTURES, get_architecture
from mnist_core.networks.summary import layers_of

# In a process of its own: TensorFlow is large, and nothing else needs it here.
BUILD = """
import json, sys
from dataclasses import asdict
import numpy as np
from mnist_core.networks.architectures import ARCHITECTURES
from mnist_core.networks.summary import describe
images = np.zeros((3, 28, 28), np.float32)
images[1:] = np.random.default_rng(1).integers(0, 256, (2, 28, 28))
built = {}
for name, architecture in ARCHITECTURES.items():
    model, another = architecture.build(), architecture.build()
    logits = np.asarray(model(images, training=False))
    built[name] = {
        "input": model.input_shape,
        "output": model.output_shape,
        "parameters": model.count_params(),
        "dtype": str(logits.dtype),
        "logits": logits.tolist(),
        "again": np.asarray(model(images, training=False)).tolist(),
        "layers": [asdict(layer) for layer in describe(model)],
        "layers with dropout": [asdict(layer) for layer in describe(architecture.build(0.25))],
        "shares weights": any(a is b for a in model.weights for b in another.weights),
    }
json.dump(built, open(sys.argv[1], "w"))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What Keras tells of each untrained network, and its answers to three images."""
    path = tmp_path_factory.mktemp("built") / "built.json"
    subprocess.run([sys.executable, "-c", BUILD, str(path)], check=True, capture_output=True)
    answer: dict[str, dict[str, Any]] = json.loads(path.read_text())
    assert set(answer) == set(ARCHITECTURES)
    return answer


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_architecture_is_found_by_its_name(name: str) -> None:
    architecture = get_architecture(name)
    assert architecture.name == name
    assert architecture.summary.endswith(".")
    assert architecture.epochs >= 1
    assert architecture.batch_size >= 1
    assert 0 < architecture.learning_rate < 1


@pytest.mark.parametrize("name", ["resnet", "", "MLP", "../cnn", None])
def test_an_unknown_name_lists_the_known_ones(name: str) -> None:
    with pytest.raises(TrainingError, match="mlp, cnn") as error:
        get_architecture(name)
    assert repr(name) in str(error.value)


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_images_go_in_and_logits_come_out(built: dict[str, Any], name: str) -> None:
    assert built[name]["input"] == [None, 28, 28]
    assert built[name]["output"] == [None, 11 if get_architecture(name).uses_synthetic_data else 10]
    assert built[name]["dtype"] == "float32"
    # Probabilities would all be positive; these are logits.
    assert min(min(row) for row in built[name]["logits"]) < 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_dropout_is_off_when_reading(built: dict[str, Any], name: str) -> None:
    assert built[name]["logits"] == built[name]["again"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_build_is_a_network_of_its_own(built: dict[str, Any], name: str) -> None:
    assert not built[name]["shares weights"]


@pytest.mark.slow
def test_the_cards_tell_the_number_of_parameters(built: dict[str, Any]) -> None:
    for card in list_models():
        assert card.parameters == built[card.architecture]["parameters"]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_what_is_told_of_the_layers_is_what_keras_tells(
    built: dict[str, dict[str, Any]], name: str
) -> None:
    for key, dropout in (("layers", None), ("layers with dropout", 0.25)):
        told = json.loads(json.dumps([asdict(layer) for layer in layers_of(name, dropout)]))
        assert told == built[name][key], "Run: python -m mnist_core.networks.summary"
    assert sum(layer.parameters for layer in layers_of(name)) == built[name]["parameters"]
    assert layers_of(name, 0.0)[-1] == layers_of(name)[-1]
