"""The process that holds Keras."""

from __future__ import annotations

import operator
import shutil
from pathlib import Path

import pytest

from mnist_core import MnistError, ModelLoadError
from mnist_core.explanation import keras_process as module
from mnist_core.explanation.keras_process import KerasProcess
from mnist_core.registry.card import KERAS
from mnist_core.registry.store import load_card
from mnist_core.storage.paths import models_directory

# Functions that the process can import.
count_parameters = operator.methodcaller("count_params")
fail = operator.methodcaller("get_layer", "none")


def test_call_runs_the_function_in_a_process_that_survives_its_errors(
    process: KerasProcess,
) -> None:
    card = load_card("mlp")
    assert process.call("Counting", card, count_parameters) == card.parameters
    with pytest.raises(MnistError, match=r"Counting failed \(.*none"):
        process.call("Counting", card, fail)
    child = process._process
    assert process.call("Counting", card, count_parameters) == card.parameters
    assert process._process is child


@pytest.mark.slow
def test_call_restarts_a_process_that_was_killed(process: KerasProcess) -> None:
    card = load_card("mlp")
    process.call("Counting", card, count_parameters)
    first = process._process
    assert first is not None
    first.kill()
    first.wait()
    assert process.call("Counting", card, count_parameters) == card.parameters
    assert process._process is not first


def test_call_says_how_to_install_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnist_core.networks.packages.find_spec", lambda name: None)
    process = KerasProcess()
    with pytest.raises(MnistError, match=r"Counting needs TensorFlow.* pip install"):
        process.call("Counting", load_card("mlp"), count_parameters)
    assert process._process is None


def test_call_explains_a_missing_or_damaged_keras_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(models_directory() / "mlp", tmp_path / "mlp")
    monkeypatch.setenv("MNIST_MODELS", str(tmp_path))
    process = KerasProcess()
    (tmp_path / "mlp" / KERAS).write_bytes(b"no model")
    with pytest.raises(ModelLoadError, match="altered"):
        process.call("Counting", load_card("mlp"), count_parameters)
    (tmp_path / "mlp" / KERAS).unlink()
    with pytest.raises(ModelLoadError, match="cannot be read"):
        process.call("Counting", load_card("mlp"), count_parameters)
    assert process._process is None


def test_process_is_one_for_all() -> None:
    assert module.keras_process() is module.keras_process()
