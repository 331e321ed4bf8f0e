"""The activations of a network."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from support.cards import make_card
from support.imports import packages_after_explaining
from support.processes import run_in_fresh_process

from mnist_core import Dataset, InvalidImageError, ModelLoadError, Recognizer, load_recognizer
from mnist_core.explanation.activations import ActivationReader, open_activations
from mnist_core.registry.card import TFLITE
from mnist_core.registry.store import load_card
from mnist_core.storage.paths import models_directory


@pytest.fixture(scope="module")
def reader() -> ActivationReader:
    return open_activations(load_card("cnn"))


def logits_of(recognizer: Recognizer, frames: np.ndarray) -> np.ndarray:
    """The logits up to a constant a row, from the probabilities."""
    return np.log(recognizer.classify(frames)) * recognizer.card.temperature


# (height, width, channels), or (units,).
CNN = "24 24 16, 12 12 16, 10 10 32, 8 8 32, 6 6 64, 3 3 64, 10"
CHAMPION = (
    "26 26 32, 24 24 48, 12 12 48, 10 10 64, 8 8 80, 6 6 96, 4 4 112, 2 2 128, "
    "8 8 64, 4 4 96, 2 2 128, 6 6 48, 2 2 96, 11"
)
WINDOWS = {"mlp": [], "cnn": [5, 3, 3, 3], "champion": [3] * 7 + [5, 5, 3, 7, 5]}


@pytest.mark.parametrize(
    ("name", "sizes"), [("mlp", "512, 10"), ("cnn", CNN), ("champion", CHAMPION)]
)
def test_layers_returns_every_layer_and_the_logits_last(
    dataset: Dataset, name: str, sizes: str
) -> None:
    card = load_card(name)
    shown = open_activations(card).layers(dataset.x_test[0])
    assert ", ".join(" ".join(map(str, layer.values.shape)) for layer in shown) == sizes
    assert len({layer.name for layer in shown}) == len(shown)
    assert [layer.window for layer in shown if layer.window] == WINDOWS[name]
    assert all(bool(layer.window) == ("convolution" in layer.name) for layer in shown)
    assert all((layer.values >= 0).all() for layer in shown[:-1])  # after ReLU
    recognizer = load_recognizer(name)
    logits = shown[-1].values[:10] / card.temperature
    expected = recognizer.classify(dataset.x_test[:1])[0]
    assert np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum() == pytest.approx(
        expected, abs=1e-5
    )


def test_features_are_the_inputs_of_the_last_layer(
    dataset: Dataset, reader: ActivationReader
) -> None:
    frames = dataset.x_test[:70]  # enough for several threads
    features = reader.features(frames)
    assert (features.shape, features.dtype) == ((70, 576), np.float32)
    for frame, row in zip(frames[::30], features[::30], strict=True):
        assert row == pytest.approx(reader.layers(frame)[-2].values.ravel())
    assert reader.features(frames[:0]).shape == (0, 576)


def test_logits_are_linear_in_the_features(
    dataset: Dataset, reader: ActivationReader, recognizer: Recognizer
) -> None:
    frames = dataset.x_test[:1000]
    features = np.column_stack([reader.features(frames), np.ones(1000)])
    logits = logits_of(recognizer, frames)
    differences = logits[:, 1:] - logits[:, :1]
    weights, *_ = np.linalg.lstsq(features[:900], differences[:900], rcond=None)
    assert features[900:] @ weights == pytest.approx(differences[900:], abs=0.02)


def test_features_of_a_network_with_one_layer_are_the_image(
    linear_models: Path, dataset: Dataset
) -> None:
    reader = open_activations(load_card("plain", linear_models), linear_models)
    (layer,) = reader.layers(dataset.x_test[0])
    assert layer.values.shape == (10,)
    assert reader.features(dataset.x_test[:2]).shape == (2, 784)


@pytest.mark.parametrize("content", [b"", b"no model", b"\x1c\0\0\0TFL3" + bytes(60), None])
def test_activation_reader_refuses_other_content(content: bytes | None) -> None:
    if content is None:
        content = (models_directory() / "mlp" / TFLITE).read_bytes()[:2000]
    with pytest.raises(ModelLoadError, match="Received"):
        ActivationReader(content, make_card("broken"))


@pytest.mark.parametrize("shape", [(1, 28), (28, 28, 1)])
def test_activation_reader_refuses_other_shapes(
    reader: ActivationReader, shape: tuple[int, ...]
) -> None:
    with pytest.raises(InvalidImageError):
        reader.features(np.zeros(shape, np.uint8))
    with pytest.raises(InvalidImageError):
        reader.layers(np.zeros(shape, np.uint8))


def test_activation_reader_is_thread_safe(dataset: Dataset, reader: ActivationReader) -> None:
    expected = reader.features(dataset.x_test[:8])
    mismatches = []

    def compare(place: int) -> None:
        for _ in range(5):
            values = reader.layers(dataset.x_test[place])[-2].values.ravel()
            if not np.allclose(values, expected[place]):
                mismatches.append(place)

    threads = [threading.Thread(target=compare, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not mismatches


def test_explanations_import_nothing_large() -> None:
    imported = run_in_fresh_process(packages_after_explaining)
    large = {"tensorflow", "keras", "streamlit", "sklearn", "scipy", "pandas", "plotly", "PIL"}
    assert "ai_edge_litert" in imported
    assert not imported & large
