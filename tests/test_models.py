"""The bundled models match their cards."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

import numpy as np
import pytest
from scipy.special import softmax
from support.keras_networks import predict_mnist_test
from support.processes import run_with_tensorflow

from mnist_core import Dataset, load_recognizer
from mnist_core.evaluation.metrics import wilson_interval
from mnist_core.registry.card import HISTORY, KERAS, PREDICTIONS, TFLITE
from mnist_core.registry.store import load_card
from mnist_core.storage.paths import models_directory

MIN_ACCURACY = {"mlp": 0.978, "cnn": 0.992, "champion": 0.997}
# The epochs of weight averaging at the end, as a share of the others.
AVERAGING = {"champion": 0.06}
# Between stored and new probabilities: another processor may add in another order.
TOLERANCE = 1e-4


@pytest.mark.parametrize("name", MIN_ACCURACY)
def test_card_matches_its_files(name: str) -> None:
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
    assert 1 <= card.epochs <= card.configuration["epochs"] * (1 + AVERAGING.get(name, 0))
    assert card.seed == card.configuration["seed"]
    assert 0.2 < card.temperature < 5
    assert 0.1 < card.digit_threshold < 1
    # The network learned from neither the validation nor the test images.
    assert abs(card.validation_accuracy - card.test_accuracy) < 0.01
    assert datetime.fromisoformat(card.created).tzinfo is not None


@pytest.mark.parametrize("name", MIN_ACCURACY)
def test_accuracy_is_that_of_the_card_and_high_enough(name: str, dataset: Dataset) -> None:
    card = load_card(name)
    with np.load(models_directory() / name / PREDICTIONS) as archive:
        stored = archive["probabilities"]
    probabilities = load_recognizer(name).classify(dataset.x_test)
    assert stored.shape == (10_000, 10)
    assert np.abs(stored - probabilities).max() <= TOLERANCE
    assert (stored.argmax(axis=1) == dataset.y_test).mean() == card.test_accuracy
    correct = int((probabilities.argmax(axis=1) == dataset.y_test).sum())
    assert card.test_accuracy == correct / 10_000 >= MIN_ACCURACY[name]
    assert card.test_interval == pytest.approx(wilson_interval(correct, 10_000))


def test_mlp_stopped_at_its_target_accuracy() -> None:
    accuracy = json.loads((models_directory() / "mlp" / HISTORY).read_text())["accuracy"]
    assert len(accuracy) <= 10
    assert all(value < 0.99 for value in accuracy[:-1])
    assert accuracy[-1] >= 0.99 or len(accuracy) == 10


@pytest.mark.slow
@pytest.mark.parametrize("name", MIN_ACCURACY)
def test_litert_and_keras_agree(name: str, dataset: Dataset) -> None:
    card = load_card(name)
    logits = run_with_tensorflow(predict_mnist_test, models_directory() / name / KERAS)
    probabilities = load_recognizer(name).classify(dataset.x_test)
    expected = softmax(logits[:, :10].astype(float) / card.temperature, axis=1)
    differences = np.abs(probabilities - expected)
    if card.configuration.get("quantize"):
        # In 8 bits they differ where the network is uncertain: on one image of a thousand.
        assert (differences.max(axis=1) > 0.1).mean() < 0.002
        assert (expected.argmax(axis=1) == probabilities.argmax(axis=1)).mean() > 0.999
    else:
        assert differences.max() <= TOLERANCE
