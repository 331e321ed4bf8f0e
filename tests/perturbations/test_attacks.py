"""Attacks on pixels."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_core import Dataset, InvalidImageError, MnistError, load_recognizer
from mnist_core.explanation.keras_process import KerasProcess
from mnist_core.perturbations.attacks import ATTACKS, PATH, attack, attack_path
from mnist_core.perturbations.weights import compute_changed_logits
from mnist_core.registry.store import load_card


def test_fgsm_follows_the_sign_of_the_finite_differences(
    process: KerasProcess, dataset: Dataset
) -> None:
    card, frame, label = load_card("mlp"), dataset.x_test[4], 4
    attacked = attack(
        process, card, frame[np.newaxis], np.array([label]), np.array([2 / 255]), "FGSM"
    )[0]
    # One grey level up and, where that is possible, down, of each pixel.
    ups = np.repeat(frame.reshape(1, -1), 784, axis=0)
    downs = ups.copy()
    rows = np.arange(784)
    ups[rows, rows] += ups[rows, rows] < 255
    downs[rows, rows] -= downs[rows, rows] > 0
    logits = process.call(
        "Logits",
        card,
        compute_changed_logits,
        np.concatenate([ups, downs]).reshape(-1, 28, 28),
        "noise",
        (0.0,),
    )[0].astype(np.float64)
    others = np.log(np.exp(np.delete(logits, label, axis=1)).sum(axis=1))
    odds = others - logits[:, label]
    difference = odds[:784] - odds[784:]
    change = (attacked.astype(int) - frame).reshape(-1)
    # Where rounding could turn the sign of the difference, or the pixel cannot go there: not.
    clear = np.abs(difference) > 5e-4
    clear &= ~((frame.reshape(-1) == 0) & (difference < 0))
    clear &= ~((frame.reshape(-1) == 255) & (difference > 0))
    assert clear.sum() > 200
    assert (np.sign(change[clear]) == np.sign(difference[clear])).all()


@pytest.mark.parametrize("method", ATTACKS)
def test_attack_stays_within_epsilon_and_breaks_more_with_more(
    method: str, process: KerasProcess, dataset: Dataset
) -> None:
    recognizer = load_recognizer("mlp")
    frames, labels = dataset.x_test[:40], dataset.y_test[:40].astype(np.int64)
    accuracy = []
    for epsilon in (0.0, 0.004, 0.05, 0.1, 1.0):
        attacked = attack(
            process, recognizer.card, frames, labels, np.full(len(frames), epsilon), method
        )
        assert (attacked.shape, attacked.dtype) == (frames.shape, np.uint8)
        change = np.abs(attacked.astype(int) - frames)
        assert change.max() == int(255 * epsilon)
        accuracy.append((recognizer.classify(attacked).argmax(axis=1) == labels).mean())
    assert accuracy[0] == 1
    assert accuracy[1] > accuracy[2] > accuracy[3]


def test_pgd_breaks_what_fgsm_does_not_and_an_image_alone_as_among_others(
    process: KerasProcess, dataset: Dataset
) -> None:
    recognizer = load_recognizer("cnn")
    frames, labels = dataset.x_test[:40], dataset.y_test[:40].astype(np.int64)
    epsilons = np.full(len(frames), 0.1)
    correct = {}
    for method in ATTACKS:
        attacked = attack(process, recognizer.card, frames, labels, epsilons, method)
        alone = attack(process, recognizer.card, frames[7:8], labels[7:8], epsilons[:1], method)
        # Sums in another order round differently.
        assert (alone[0] != attacked[7]).mean() < 0.02
        correct[method] = (recognizer.classify(attacked).argmax(axis=1) == labels).mean()
    assert correct["PGD"] < correct["FGSM"] - 0.1


@pytest.mark.parametrize("method", ATTACKS)
def test_attack_path_flips_the_answer(method: str, process: KerasProcess, dataset: Dataset) -> None:
    recognizer, frame = load_recognizer("mlp"), dataset.x_test[4]
    path = attack_path(process, recognizer, frame, method)
    assert path.epsilons.tolist() == list(PATH)
    assert (path.frames[0] == frame).all()
    assert (path.probabilities[0] == recognizer.classify(frame[np.newaxis])[0]).all()
    assert path.is_digit.shape == (51,)
    assert path.flip is not None
    assert set(path.labels[: path.flip].tolist()) == {4}
    assert path.labels[path.flip] != 4
    assert 0.01 < path.epsilons[path.flip] < 0.1


@pytest.mark.parametrize("epsilon", [-0.1, 1.01, float("nan"), float("inf")])
def test_attack_refuses_other_epsilons(epsilon: float) -> None:
    process, frames = KerasProcess(), np.zeros((2, 28, 28), np.uint8)
    epsilons = np.array([0.1, epsilon])
    with pytest.raises(MnistError, match="Epsilon must be a number from 0 to 1"):
        attack(process, load_card("mlp"), frames, np.array([1, 2]), epsilons, "FGSM")
    assert process._process is None


def test_attack_refuses_other_methods_and_shapes() -> None:
    process, card = KerasProcess(), load_card("mlp")
    one = np.array([1]), np.array([0.1])
    with pytest.raises(MnistError, match="FGSM, PGD"):
        attack(process, card, np.zeros((1, 28, 28), np.uint8), *one, "DeepFool")
    with pytest.raises(InvalidImageError):
        attack(process, card, np.zeros((1, 28, 27), np.uint8), *one, "PGD")
    assert process._process is None
    empty = np.zeros((0, 28, 28), np.uint8)
    assert attack(process, card, empty, np.array([], int), np.array([]), "PGD").shape == empty.shape
