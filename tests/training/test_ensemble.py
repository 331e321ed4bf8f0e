"""Ensembles, compared with their members."""

from __future__ import annotations

import dataclasses
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from support.processes import run_with_tensorflow
from support.trainings import make_ensembles

from mnist_core import (
    Dataset,
    ModelLoadError,
    ModelNotFoundError,
    Recognizer,
    TrainingConfig,
    TrainingError,
    load_recognizer,
)
from mnist_core.__main__ import main
from mnist_core.data import split_training
from mnist_core.errors import MnistError
from mnist_core.evaluation.datasets import mnist_validation
from mnist_core.evaluation.metrics import wilson_interval
from mnist_core.explanation.activations import open_activations
from mnist_core.explanation.grad_cam import grad_cam
from mnist_core.explanation.keras_process import KerasProcess
from mnist_core.perturbations.attacks import attack
from mnist_core.perturbations.weights import list_parts
from mnist_core.registry.artifacts import load_predictions
from mnist_core.registry.card import CARD, ENSEMBLE, KERAS, PREDICTIONS, TFLITE
from mnist_core.registry.splits import splits
from mnist_core.registry.store import load_card
from mnist_core.training.ensemble import _average_layers, _validation_answers, make_ensemble

ROOT = Path(__file__).resolve().parents[2]
# An ensemble, and one in another.
MADE = {"plain": ("cnn", "mlp"), "nested": ("plain", "mlp")}
# One member has a digit score; testing the champion in 32 bits takes a minute.
MIXED = {"mixed": ("champion", "mlp")}
# Between an ensemble's probabilities and its members': the champion itself computes in 8 bits.
TOLERANCE = {"mixed": 0.05, "plain": 1e-4, "nested": 1e-4}


@dataclass(frozen=True)
class Made:
    """The bundled models and ensembles of them, with exit codes, output and stderr."""

    folder: Path
    results: dict[str, tuple[int, str]]
    errors: str


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("ensembles") / "models"
    shutil.copytree(ROOT / "models", folder)
    errors = folder.parent / "stderr.txt"
    results = run_with_tensorflow(make_ensembles, MADE, folder, errors)
    return Made(folder, results, errors.read_text())


@pytest.fixture(scope="module")
def mixed_models(models: Path) -> Path:
    run_with_tensorflow(make_ensembles, MIXED, models, models.parent / "mixed.txt")
    return models


@pytest.fixture(scope="module")
def models(made: Made) -> Path:
    return made.folder


@pytest.fixture
def ensembles(models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same folder, as the default one."""
    monkeypatch.setenv("MNIST_MODELS", str(models))
    return models


def mean_of(recognizers: list[Recognizer], images: np.ndarray, temperature: float) -> np.ndarray:
    """An ensemble's expected answer: the mean of the members' log-probabilities."""
    logs = np.mean([np.log(r.classify(images).astype(float)) for r in recognizers], axis=0)
    powers = np.exp((logs - logs.max(axis=1, keepdims=True)) / temperature)
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("name", MADE)
def test_make_ensemble_answers_the_mean_of_its_members(
    name: str, models: Path, dataset: Dataset
) -> None:
    images = dataset.x_test[:400]
    ensemble = load_recognizer(name, models)
    members = [load_recognizer(member, models) for member in MADE[name]]
    expected = mean_of(members, images, ensemble.card.temperature)
    assert np.abs(ensemble.classify(images) - expected).max() < 1e-4
    assert not ensemble.detects_non_digits


@pytest.mark.slow
def test_make_ensemble_has_the_digit_score_of_the_member_that_has_one(
    mixed_models: Path, dataset: Dataset
) -> None:
    images = dataset.x_test[:400]
    ensemble = load_recognizer("mixed", mixed_models)
    assert ensemble.detects_non_digits
    # The member's own file computes in 8 bits, the ensemble in 32.
    scores = load_recognizer("champion", mixed_models).digit_scores(images)
    assert ensemble.digit_scores(images) == pytest.approx(scores, abs=0.05)
    check_temperature("mixed", mixed_models)
    assert 0 < ensemble.card.digit_threshold < ensemble.card.ordinary_threshold < 1


def test_average_layers_averages_digit_scores_over_the_members_that_have_one() -> None:
    rng = np.random.default_rng(1)
    sizes = ((5, 11), (3, 10), (4, 11))
    layers = [
        (rng.normal(size=size).astype("f"), rng.normal(size=size[1]).astype("f")) for size in sizes
    ]
    features = [rng.normal(size=size[0]).astype("f") for size in sizes]
    kernel, bias = _average_layers(layers, [1.0, 2.0, 0.5])
    logits = np.concatenate(features) @ kernel + bias
    outputs = [f @ k + b for f, (k, b) in zip(features, layers, strict=True)]
    assert logits[:10] == pytest.approx(
        (outputs[0][:10] + outputs[1] / 2 + outputs[2][:10] / 0.5) / 3, abs=1e-5
    )
    assert logits[10] == pytest.approx((outputs[0][10] + outputs[2][10]) / 2, abs=1e-5)


@pytest.mark.parametrize("name", MADE)
def test_make_ensemble_writes_a_complete_card(name: str, models: Path, dataset: Dataset) -> None:
    card = load_card(name, models)
    assert (card.architecture, card.members) == (ENSEMBLE, MADE[name])
    assert set(card.sha256) == {TFLITE, KERAS, PREDICTIONS}
    stored = load_predictions(card, models)
    correct = int((stored.argmax(axis=1) == dataset.y_test).sum())
    assert card.test_accuracy == correct / 10_000
    assert card.test_interval == pytest.approx(wilson_interval(correct, 10_000))
    members = [load_card(member, models) for member in MADE[name]]
    assert card.configuration["networks"] == [member.sha256[TFLITE] for member in members]
    assert card.epochs == sum(member.epochs for member in members)
    # The members' last layers became one.
    assert abs(card.parameters - sum(member.parameters for member in members)) <= 1024
    assert card.validation_accuracy > 0.98
    assert 0.3 < card.temperature < 3


def test_make_ensemble_fits_temperature_and_threshold_on_validation_images(models: Path) -> None:
    check_temperature("plain", models)
    ensemble = load_recognizer("plain", models)
    scores = ensemble.digit_scores(mnist_validation([ensemble.card]).images)
    assert (scores < ensemble.card.digit_threshold).mean() == pytest.approx(0.003, abs=0.0005)


def check_temperature(name: str, models: Path) -> None:
    ensemble = load_recognizer(name, models)
    data = mnist_validation([ensemble.card])
    # The bundled models have the same validation images.
    assert len(data.images) == 5000
    probabilities = ensemble.classify(data.images)
    correct = probabilities.argmax(axis=1) == data.labels
    assert correct.mean() == pytest.approx(ensemble.card.validation_accuracy, abs=2e-4)
    # Any other temperature makes the correct answers less likely.
    logs = np.log(probabilities.astype(float) + 1e-30)

    def loss(factor: float) -> float:
        scaled = logs / factor
        sums = np.log(np.exp(scaled).sum(axis=1))
        return float((sums - scaled[np.arange(len(data.labels)), data.labels]).mean())

    assert loss(1) < min(loss(0.9), loss(1.1))


def test_validation_answers_come_from_members_that_did_not_learn_from_the_image(
    dataset: Dataset,
) -> None:
    mlp = load_recognizer("mlp")
    cards = [dataclasses.replace(mlp.card, seed=seed) for seed in (1, 2)]
    network = (ROOT / "models" / "mlp" / TFLITE).read_bytes()
    digits, probabilities, scores = _validation_answers(
        [Recognizer(network, card) for card in cards]
    )
    first, second = (set(split_training(*splits(card)[0])[0].tolist()) for card in cards)
    both = sorted(first | second)
    assert (digits.labels == dataset.y_train[both]).all()
    assert (digits.images == dataset.x_train[both]).all()
    assert len(first & second) > 100
    # The members are the same network, and so give the same answer.
    assert probabilities[:50] == pytest.approx(mlp.classify(dataset.x_train[both[:50]]), abs=1e-5)
    assert scores is None


def test_open_activations_shows_the_layers_of_all_members(models: Path, dataset: Dataset) -> None:
    reader = open_activations(load_card("plain", models), models)
    names = [layer.name for layer in reader.layers(dataset.x_test[0])]
    assert "convolution 4" in names
    assert names[-1].startswith("dense")
    parts = [
        open_activations(load_card(name, models), models).features(dataset.x_test[:3])
        for name in MADE["plain"]
    ]
    differences = reader.features(dataset.x_test[:3]) - np.hstack(parts)
    assert np.abs(differences).max() < 0.1 * np.hstack(parts).max()


def test_ensembles_are_rejected_by_grad_cam_and_fine_tuning(
    ensembles: Path,
    dataset: Dataset,
    capsys: pytest.CaptureFixture[str],
    process: KerasProcess,
) -> None:
    card = load_card("plain")
    with pytest.raises(MnistError, match="Choose one of its members"):
        grad_cam(process, card, dataset.x_test[0], 7)
    # Attacks need no layers of its own, and its members' layers can be switched off.
    frames, labels = dataset.x_test[:20], dataset.y_test[:20]
    attacked = attack(process, card, frames, labels, np.full(20, 0.2), "FGSM")
    answers = load_recognizer("plain").classify(attacked).argmax(axis=1)
    assert (answers == labels).mean() < 0.6
    assert list_parts(process, card)[-1].startswith("dense")
    with pytest.raises(TrainingError, match="Received: 'ensemble'"):
        TrainingConfig(architecture=card.architecture, initial_model="plain")
    assert main(["train", "--initial-model", "plain"]) == 2
    assert "Fine-tune its members" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("members", "name", "message"),
    [
        ([], "mine", "two or more models"),
        (["mlp"], "mine", "two or more models"),
        (["mlp", "mlp"], "mine", "once"),
        (["mlp", "cnn"], "mlp", "one of its members"),
        (["mlp", "cnn"], "champion", "already exists"),
        (["mlp", "cnn"], "../mine", "A model's name is"),
    ],
)
def test_make_ensemble_explains_wrong_members_and_names(
    members: list[str], name: str, message: str, models: Path
) -> None:
    before = sorted(path.name for path in models.iterdir())
    with pytest.raises(TrainingError, match=message) as error:
        make_ensemble(members, name, directory=models)
    assert "Received" in str(error.value)
    assert sorted(path.name for path in models.iterdir()) == before


def test_make_ensemble_of_a_missing_member(models: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="'nobody'"):
        make_ensemble(["mlp", "nobody"], "mine", directory=models)


@pytest.mark.parametrize("file", [TFLITE, KERAS, CARD])
def test_make_ensemble_explains_a_damaged_member(file: str, tmp_path: Path) -> None:
    for name in ("mlp", "cnn"):
        shutil.copytree(ROOT / "models" / name, tmp_path / name)
    (tmp_path / "cnn" / file).write_bytes(b"damaged")
    with pytest.raises(ModelLoadError, match="'cnn'"):
        make_ensemble(["mlp", "cnn"], "mine", directory=tmp_path)
    assert not (tmp_path / "mine").exists()


def test_load_recognizer_of_a_damaged_ensemble_names_the_command_that_makes_it(
    models: Path, tmp_path: Path
) -> None:
    shutil.copytree(models / "plain", tmp_path / "plain")
    (tmp_path / "plain" / TFLITE).write_bytes(b"damaged")
    with pytest.raises(ModelLoadError, match="ensemble cnn mlp --name plain --overwrite"):
        load_recognizer("plain", tmp_path)
    path = tmp_path / "plain" / CARD
    card = json.loads(path.read_text())
    for members in (None, "cnn", [1, 2]):
        card["configuration"]["members"] = members
        path.write_text(json.dumps(card))
        with pytest.raises(ModelLoadError, match="members must be"):
            load_card("plain", tmp_path)


def test_ensemble_command_prints_the_accuracy(
    made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    assert made.errors == ""
    for name in MADE:
        code, output = made.results[name]
        card = load_card(name, made.folder)
        assert code == 0
        assert f"{name}: {card.test_accuracy:.2%} test accuracy" in output
    assert main(["ensemble", "mlp", "--name", "mine"]) == 2
    assert "two or more models" in capsys.readouterr().err
