"""The initial model and the corrections of a training."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.cards import make_card
from support.frames import make_correction, make_frame

from mnist_core import (
    CorrectionsError,
    Dataset,
    ModelCard,
    ModelLoadError,
    ModelNotFoundError,
    TrainingConfig,
    TrainingError,
    load_recognizer,
)
from mnist_core.corrections.store import CorrectionStore
from mnist_core.data import NOT_A_DIGIT, LabelledArrays
from mnist_core.registry.card import KERAS, write_card
from mnist_core.registry.splits import splits
from mnist_core.registry.staging import staged_model
from mnist_core.training.config import Settings
from mnist_core.training.inputs import (
    TrainingData,
    TrainingInputs,
    count_correct,
    describe_fine_tuning,
)


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CorrectionStore:
    """The store that trainings learn from, empty."""
    monkeypatch.setenv("MNIST_CORRECTIONS", str(tmp_path / "corrections.sqlite3"))
    return CorrectionStore()


def save(directory: Path, name: str, **changes: object) -> ModelCard:
    with staged_model(name, directory) as stage:
        (stage / KERAS).write_bytes(b"a network")
        return write_card(make_card(name, **changes), stage)


def inputs(count: int = 0, label: int = 3, initial: ModelCard | None = None) -> TrainingInputs:
    frames = np.array([make_frame(n) for n in range(count)], np.uint8).reshape(-1, 28, 28)
    corrections = LabelledArrays(frames, np.full(count, label, np.uint8))
    return TrainingInputs(initial=initial, directory=Path(), corrections=corrections)


def fine_tuning(**changes: Any) -> Settings:
    fine = {"architecture": "mlp", "initial_model": "first", "include_corrections": True}
    return TrainingConfig(**fine | changes).resolved()


PLAIN = TrainingConfig(architecture="mlp").resolved()


def test_of_a_plain_training_loads_nothing(store: CorrectionStore, tmp_path: Path) -> None:
    store.add(make_correction(1))
    loaded = TrainingInputs.of(PLAIN, tmp_path)
    assert loaded.weights is None
    assert not len(loaded.corrections.labels)
    assert loaded.fingerprint() == {}
    assert loaded.evaluate_initial(PLAIN) == {}


def test_of_loads_all_corrections(store: CorrectionStore, tmp_path: Path) -> None:
    store.add(make_correction(1, 7), make_correction(2, NOT_A_DIGIT))
    card = save(tmp_path, "first")
    loaded = TrainingInputs.of(fine_tuning(), tmp_path)
    assert loaded.corrections.labels.tolist() == [7, NOT_A_DIGIT]
    assert (loaded.initial, loaded.weights) == (card, tmp_path / "first" / KERAS)


@pytest.mark.parametrize("changes", [{}, {"initial_model": None}])
def test_of_explains_that_there_are_no_corrections(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    save(tmp_path, "first")
    with pytest.raises(TrainingError, match="no corrections to learn from"):
        TrainingInputs.of(fine_tuning(**changes), tmp_path)


def test_of_explains_unreadable_corrections(store: CorrectionStore, tmp_path: Path) -> None:
    store.path.write_bytes(b"Seven. " * 400)
    save(tmp_path, "first")
    with pytest.raises(CorrectionsError, match="damaged"):
        TrainingInputs.of(fine_tuning(), tmp_path)


def test_of_explains_an_unusable_initial_model(store: CorrectionStore, tmp_path: Path) -> None:
    store.add(make_correction(1))
    with pytest.raises(ModelNotFoundError, match="'first'"):
        TrainingInputs.of(fine_tuning(), tmp_path)
    save(tmp_path, "first")
    with pytest.raises(TrainingError, match=r"keeps its architecture.*'mlp'"):
        TrainingInputs.of(fine_tuning(architecture="cnn"), tmp_path)
    # Without corrections, only its weights are used.
    plain = TrainingInputs.of(fine_tuning(include_corrections=False), tmp_path)
    assert (plain.weights, len(plain.corrections.labels)) == (tmp_path / "first" / KERAS, 0)
    (tmp_path / "first" / KERAS).write_bytes(b"another")
    with pytest.raises(ModelLoadError, match="does not match its card"):
        TrainingInputs.of(fine_tuning(), tmp_path)


def test_split_keeps_the_validation_images_of_the_initial_model() -> None:
    # The labels identify the images.
    images, labels = np.zeros((40, 28, 28), np.uint8), np.arange(40, dtype=np.uint8)
    dataset = Dataset(x_train=images, y_train=labels, x_test=images, y_test=labels)

    def split(inputs: TrainingInputs, settings: Settings) -> tuple[list[int], list[int]]:
        data = inputs.split(settings, dataset)
        return data.training.labels.tolist(), data.validation.labels.tolist()

    first = make_card("first", seed=5, configuration={"validation_fraction": 0.25})
    settings = fine_tuning(seed=9)
    training, validation = split(inputs(1, initial=first), settings)
    plain = TrainingConfig(seed=5, validation_fraction=0.25).resolved()
    assert (training, validation) == split(inputs(), plain)
    assert len(validation) == 10
    assert sorted([*training, *validation]) == [*range(40)]
    # And of the first model in a chain of fine-tunings.
    held_out = inputs(1, initial=first).validation_split(settings)
    second = make_card("second", seed=9, fine_tuning={"held_out": held_out})
    again = fine_tuning(initial_model="second", seed=77)
    assert split(inputs(1, initial=second), again) == (training, validation)


def test_steps_per_epoch_count_a_smaller_last_batch() -> None:
    arrays = LabelledArrays(np.zeros((9, 28, 28), np.uint8), np.zeros(9, np.uint8))
    data = TrainingData(training=arrays, validation=arrays)
    sizes = (1, 3, 4, 9, 10)
    settings = [dataclasses.replace(PLAIN, batch_size=size) for size in sizes]
    assert [data.steps_per_epoch(s) for s in settings] == [9, 3, 3, 1, 1]


def test_fingerprint_depends_on_corrections_and_initial_model() -> None:
    first = make_card("first", sha256={KERAS: "ab"})
    prints = [
        inputs(*values, initial=initial).fingerprint()
        for values in ((2, 3), (3, 3), (2, 4))
        for initial in (None, first)
    ]
    assert all(prints.count(one) == 1 for one in prints)
    assert inputs(2, 3).fingerprint() == inputs(2, 3).fingerprint()


@pytest.mark.parametrize(
    ("count", "label", "detects_non_digits", "added"),
    [
        (0, 3, True, 0),
        (1, 3, False, 20),
        (10, 3, False, 200),
        (10, NOT_A_DIGIT, False, 0),  # such a network cannot learn from it
        (10, NOT_A_DIGIT, True, 200),
        (100, 3, False, 200),  # at most two in a hundred
        (400, 3, False, 400),  # but each at least once
    ],
)
def test_add_corrections_repeats_each(
    count: int, label: int, detects_non_digits: bool, added: int
) -> None:
    mnist = LabelledArrays(np.zeros((10_000, 28, 28), np.uint8), np.zeros(10_000, np.uint8))
    images, labels = inputs(count, label).add_corrections(
        mnist, detects_non_digits=detects_non_digits
    )
    assert (len(images), len(labels)) == (10_000 + added, 10_000 + added)
    assert set(labels[10_000:]) == ({label} if added else set())
    assert images.dtype == labels.dtype == np.uint8


def test_count_correct_counts_accepted_digits_and_rejected_non_digits(
    linear_models: Path, dataset: Dataset
) -> None:
    recognizer = load_recognizer("detecting", linear_models)
    data = LabelledArrays(dataset.x_test[:200].copy(), dataset.y_test[:200].copy())
    assert count_correct(recognizer, data.select(slice(0))) == 0
    correct = recognizer.classify(data.images).argmax(axis=1) == data.labels
    accepted = recognizer.digit_scores(data.images) >= recognizer.card.digit_threshold
    assert count_correct(recognizer, data) == (correct & accepted).sum() > 100
    # More ink than any digit has: rejected, which is correct only if that is the label.
    data.images[:] = 255
    assert count_correct(recognizer, data) == 0
    data.labels[:] = NOT_A_DIGIT
    assert count_correct(recognizer, data) == 200


def test_evaluate_initial_without_corrections_records_the_validation_split(
    linear_models: Path,
) -> None:
    card = load_recognizer("plain", linear_models).card
    first = dataclasses.replace(
        card, sha256={**card.sha256, KERAS: "ab"}, configuration={"validation_fraction": 0.25}
    )
    none = LabelledArrays(np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8))
    given = TrainingInputs(initial=first, directory=linear_models, corrections=none)
    record = given.evaluate_initial(TrainingConfig(architecture="mlp", seed=77).resolved())
    assert record == {
        "model": "plain",
        "sha256": "ab",
        "held_out": {"seed": card.seed, "fraction": 0.25},
    }
    # The new model's own seed and fraction are not those of its validation images.
    second = dataclasses.replace(first, seed=77, fine_tuning=record)
    assert splits(second) == splits(first) == ((card.seed, 0.25),)


def test_describe_fine_tuning_before_and_after(linear_models: Path, dataset: Dataset) -> None:
    card = load_recognizer("plain", linear_models).card
    known = dataclasses.replace(
        card, sha256={**card.sha256, KERAS: "ab"}, configuration={"validation_fraction": 0.25}
    )
    given = TrainingInputs(
        initial=known, directory=linear_models, corrections=dataset.test.select(slice(50))
    )
    before = given.evaluate_initial(PLAIN)
    assert (before["model"], before["sha256"], before["corrections"]) == ("plain", "ab", 50)
    assert before["held_out"] == {"seed": card.seed, "fraction": 0.25}
    assert before["test_accuracy_before"] == 0.82
    text = describe_fine_tuning(before, "before")
    assert text.startswith("82.00% of the MNIST test images and ")
    assert f"{before['corrections_right_before']} of 50 corrections" in text
    assert "90.00%" in describe_fine_tuning(
        before | {"test_accuracy": 0.9, "corrections_right": 50}
    )
