"""The bundled models are what their cards say."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from datetime import datetime

import numpy as np
import pytest

from mnist_core import Dataset, load_recognizer
from mnist_core.evaluation.metrics import wilson_interval
from mnist_core.registry.card import HISTORY, KERAS, PREDICTIONS, TFLITE
from mnist_core.registry.store import load_card
from mnist_core.storage.paths import models_directory

LEAST = {"mlp": 0.978, "cnn": 0.992, "champion": 0.997}
# Of the epochs, so many are those of averaging at the end.
AVERAGED = {"champion": 0.06}
# Between stored answers and fresh ones: another processor may sum in another order.
TOLERANCE = 1e-4

# In a process of its own: TensorFlow is large, and nothing else needs it here.
KERAS_PROBABILITIES = """
import sys, keras, numpy as np
from scipy.special import softmax
from mnist_core import load_mnist
model = keras.models.load_model(sys.argv[1], compile=False)
logits = model.predict(load_mnist().x_test.astype("float32"), batch_size=500, verbose=0)
np.save(sys.argv[3], softmax(logits[:, :10].astype(float) / float(sys.argv[2]), axis=1))
"""


@pytest.mark.parametrize("name", LEAST)
def test_the_card_fits_its_files(name: str) -> None:
    card = load_card(name)
    folder = models_directory() / name
    assert set(card.sha256) == {TFLITE, KERAS, HISTORY, PREDICTIONS}
    for file, digest in card.sha256.items():
        assert hashlib.sha256((folder / file).read_bytes()).hexdigest() == digest
    history = json.loads((folder / HISTORY).read_text())
    assert set(history) == {"accuracy", "loss", "val_accuracy", "val_loss"}
    assert {len(values) for values in history.values()} == {card.epochs}
    assert set(card.versions) >= {"tensorflow", "keras", "numpy", "ai-edge-litert"}
    assert card.configuration["architecture"] == card.architecture == name
    assert card.training_seconds > 0
    assert 1 <= card.epochs <= card.configuration["epochs"] * (1 + AVERAGED.get(name, 0))
    assert card.seed == card.configuration["seed"]
    assert 0.2 < card.temperature < 5
    assert 0.1 < card.digit_threshold < 1
    # The held-out images are not the test images, yet the network knows neither.
    assert abs(card.validation_accuracy - card.test_accuracy) < 0.01
    assert datetime.fromisoformat(card.created).tzinfo is not None


@pytest.mark.parametrize("name", LEAST)
def test_the_accuracy_is_that_of_the_card_and_high_enough(name: str, dataset: Dataset) -> None:
    card = load_card(name)
    with np.load(models_directory() / name / PREDICTIONS) as archive:
        stored = archive["probabilities"]
    probabilities = load_recognizer(name).classify(dataset.x_test)
    assert stored.shape == (10_000, 10)
    assert np.abs(stored - probabilities).max() <= TOLERANCE
    assert (stored.argmax(axis=1) == dataset.y_test).mean() == card.test_accuracy
    right = int((probabilities.argmax(axis=1) == dataset.y_test).sum())
    assert card.test_accuracy == right / 10_000 >= LEAST[name]
    assert card.test_interval == pytest.approx(wilson_interval(right, 10_000))


def test_the_quick_model_stopped_where_it_should() -> None:
    accuracy = json.loads((models_directory() / "mlp" / HISTORY).read_text())["accuracy"]
    assert len(accuracy) <= 10
    assert all(value < 0.99 for value in accuracy[:-1])
    assert accuracy[-1] >= 0.99 or len(accuracy) == 10


@pytest.mark.slow
@pytest.mark.parametrize("name", LEAST)
def test_litert_and_keras_agree(name: str, dataset: Dataset, tmp_path) -> None:
    card = load_card(name)
    arguments = [models_directory() / name / KERAS, card.temperature, tmp_path / "keras.npy"]
    command = [sys.executable, "-c", KERAS_PROBABILITIES, *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)
    probabilities = load_recognizer(name).classify(dataset.x_test)
    assert np.abs(probabilities - np.load(tmp_path / "keras.npy")).max() <= 1e-4
