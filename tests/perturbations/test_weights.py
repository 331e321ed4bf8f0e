"""Changes of the weights."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_core import Dataset, MnistError, load_recognizer
from mnist_core.explanation.keras_process import KerasProcess
from mnist_core.perturbations.weights import BITS, NOISE, classify_changed, list_parts
from mnist_core.registry.store import load_card


def test_noise_and_few_bits_spoil_the_answers_and_the_model_stays_the_same(
    process: KerasProcess, dataset: Dataset
) -> None:
    recognizer = load_recognizer("cnn")
    frames, labels = dataset.x_test[:60], dataset.y_test[:60]
    noisy = classify_changed(process, recognizer.card, frames, "noise", NOISE)
    rounded = classify_changed(process, recognizer.card, frames, "bits", BITS)
    assert noisy.shape == (len(NOISE), 60, 10)
    assert noisy.dtype == np.float32
    assert noisy.sum(axis=2) == pytest.approx(np.ones((len(NOISE), 60)), abs=1e-5)
    for answers in (noisy, rounded):
        accuracy = (answers.argmax(axis=2) == labels).mean(axis=1)
        assert accuracy[0] == 1
        assert accuracy[-1] < 0.9
    # Without noise, and with 16 bits, the answers are the recognizer's.
    expected = recognizer.classify(frames)
    assert noisy[0] == pytest.approx(expected, abs=2e-4)
    again = classify_changed(process, recognizer.card, frames, "bits", (16,))
    assert again[0] == pytest.approx(expected, abs=2e-3)


def test_parts_are_the_layers_by_their_kind(process: KerasProcess) -> None:
    assert list_parts(process, load_card("mlp")) == ["dense 1", "dense 2"]
    assert list_parts(process, load_card("cnn")) == [
        *(f"convolution {number}" for number in range(1, 5)),
        "dense 1",
    ]


def test_layer_without_weights_passes_on_nothing_of_the_image(
    process: KerasProcess, dataset: Dataset
) -> None:
    frames = dataset.x_test[:5]
    answers = classify_changed(process, load_card("mlp"), frames, "off", ["dense 1", "dense 2"])
    assert (answers == answers[:, :1]).all()
    assert answers[1] == pytest.approx(np.full((5, 10), 0.1))


@pytest.mark.slow
def test_branch_of_the_champion_can_be_missing(process: KerasProcess, dataset: Dataset) -> None:
    card = load_card("champion")
    frames, labels = dataset.x_test[:60], dataset.y_test[:60]
    parts = list_parts(process, card)
    assert parts[:3] == ["branch windows 3x3", "branch windows 5x5", "branch windows 7x7"]
    assert parts[3:] == [*(f"convolution {number}" for number in range(1, 13)), "dense 1"]
    answers = classify_changed(process, card, frames, "off", parts[:3])
    assert ((answers.argmax(axis=2) == labels).mean(axis=1) > 0.95).all()
    # Without one, the logits are those of the other two.
    assert (answers[0] != answers[1]).any()


@pytest.mark.parametrize(
    ("change", "level", "message"),
    [
        ("noise", -0.1, "The noise must be a number from 0 to 10"),
        ("noise", float("nan"), "The noise must be a number"),
        ("bits", 1, "The number of bits must be a number from 2 to 16"),
        ("bits", "few", "Received: 'few'"),
        ("off", "dense 9", "must be one of: dense 1, dense 2"),
        ("rotation", 1, "must be one of: noise, bits, off"),
    ],
)
def test_other_changes_are_refused(
    change: str, level: float | str, message: str, process: KerasProcess
) -> None:
    frames = np.zeros((1, 28, 28), np.uint8)
    with pytest.raises(MnistError, match=message):
        classify_changed(process, load_card("mlp"), frames, change, [level])
