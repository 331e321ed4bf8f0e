"""What a training takes from corrections, before and after the network learns."""

from __future__ import annotations

import dataclasses
from pathlib import Path

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
from mnist_core.data import NOT_A_DIGIT
from mnist_core.registry.card import KERAS, write_card
from mnist_core.registry.staging import staged_model
from mnist_core.training.inputs import TrainingInputs, describe_fine_tuning, read_rightly


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CorrectionStore:
    """The store that trainings learn from; nothing is in it yet."""
    monkeypatch.setenv("MNIST_CORRECTIONS", str(tmp_path / "corrections.sqlite3"))
    return CorrectionStore()


def save(directory: Path, name: str, **changes: object) -> ModelCard:
    with staged_model(name, directory) as stage:
        (stage / KERAS).write_bytes(b"a network")
        return write_card(make_card(name, **changes), stage)


def inputs(count: int = 0, label: int = 3, initial: ModelCard | None = None) -> TrainingInputs:
    frames = np.array([make_frame(n) for n in range(count)], np.uint8).reshape(-1, 28, 28)
    labels = np.full(count, label, np.uint8)
    return TrainingInputs(initial=initial, directory=Path(), frames=frames, labels=labels)


FINE = {"architecture": "mlp", "initial_model": "first", "include_corrections": True}


def test_a_plain_training_takes_nothing(store: CorrectionStore, tmp_path: Path) -> None:
    store.add(make_correction(1))
    taken = TrainingInputs.of(TrainingConfig(architecture="mlp"), tmp_path)
    assert taken.weights is None
    assert not len(taken.labels)
    assert taken.fingerprint() == {}
    assert taken.before(TrainingConfig()) == {}


def test_all_corrections_are_taken_when_they_are_included(
    store: CorrectionStore, tmp_path: Path
) -> None:
    store.add(make_correction(1, 7), make_correction(2, NOT_A_DIGIT))
    card = save(tmp_path, "first")
    taken = TrainingInputs.of(TrainingConfig(**FINE), tmp_path)
    assert taken.labels.tolist() == [7, NOT_A_DIGIT]
    assert (taken.initial, taken.weights) == (card, tmp_path / "first" / KERAS)


@pytest.mark.parametrize("changes", [{}, {"initial_model": None}])
def test_no_corrections_are_no_lesson(tmp_path: Path, changes: dict[str, object]) -> None:
    save(tmp_path, "first")
    with pytest.raises(TrainingError, match="no corrections to learn from"):
        TrainingInputs.of(TrainingConfig(**FINE | changes), tmp_path)  # type: ignore[arg-type]


def test_corrections_that_cannot_be_read_are_explained(
    store: CorrectionStore, tmp_path: Path
) -> None:
    store.path.write_bytes(b"Seven. " * 400)
    save(tmp_path, "first")
    with pytest.raises(CorrectionsError, match="damaged"):
        TrainingInputs.of(TrainingConfig(**FINE), tmp_path)


def test_an_initial_model_that_does_not_fit_is_explained(
    store: CorrectionStore, tmp_path: Path
) -> None:
    store.add(make_correction(1))
    with pytest.raises(ModelNotFoundError, match="'first'"):
        TrainingInputs.of(TrainingConfig(**FINE), tmp_path)
    save(tmp_path, "first")
    with pytest.raises(TrainingError, match=r"keeps its architecture.*'mlp'"):
        TrainingInputs.of(TrainingConfig(**FINE | {"architecture": "cnn"}), tmp_path)  # type: ignore[arg-type]
    # Without corrections its weights are a place to begin.
    plain = TrainingInputs.of(TrainingConfig(**FINE | {"include_corrections": False}), tmp_path)  # type: ignore[arg-type]
    assert (plain.weights, len(plain.labels)) == (tmp_path / "first" / KERAS, 0)
    (tmp_path / "first" / KERAS).write_bytes(b"another")
    with pytest.raises(ModelLoadError, match="does not match its card"):
        TrainingInputs.of(TrainingConfig(**FINE), tmp_path)


def test_what_was_held_out_stays_held_out() -> None:
    first = make_card("first", seed=5, configuration={"validation_fraction": 0.25})
    config = TrainingConfig(**FINE | {"seed": 9})  # type: ignore[arg-type]
    plain_away, plain_kept = inputs().split(TrainingConfig(seed=5, validation_fraction=0.25), 40)
    away, kept = inputs(1, initial=first).split(config, 40)
    assert len(away) == 10
    assert away.tolist() == plain_away.tolist()
    assert kept.tolist() == plain_kept.tolist()
    assert sorted([*kept, *away]) == [*range(40)]
    # And through a chain of fine-tunings.
    held_out = inputs(1, initial=first).held_out(config)
    second = make_card("second", seed=9, fine_tuning={"held_out": held_out})
    again = TrainingConfig(**FINE | {"initial_model": "second", "seed": 77})  # type: ignore[arg-type]
    assert inputs(1, initial=second).split(again, 40)[0].tolist() == away.tolist()


def test_other_corrections_are_another_training() -> None:
    first = make_card("first", sha256={KERAS: "ab"})
    prints = [
        inputs(*values, initial=initial).fingerprint()
        for values in ((2, 3), (3, 3), (2, 4))
        for initial in (None, first)
    ]
    assert all(prints.count(one) == 1 for one in prints)
    assert inputs(2, 3).fingerprint() == inputs(2, 3).fingerprint()


@pytest.mark.parametrize(
    ("count", "label", "telling", "added"),
    [
        (0, 3, True, 0),
        (1, 3, False, 20),
        (10, 3, False, 200),
        (10, NOT_A_DIGIT, False, 0),  # such a network has no answer for it
        (10, NOT_A_DIGIT, True, 200),
        (100, 3, False, 200),  # at most two in a hundred
        (400, 3, False, 400),  # but each at least once
    ],
)
def test_a_training_from_nothing_gets_them_several_times(
    count: int, label: int, telling: bool, added: int
) -> None:
    images, labels = np.zeros((10_000, 28, 28), np.uint8), np.zeros(10_000, np.uint8)
    mixed, answers = inputs(count, label).added_to((images, labels), detects_non_digits=telling)
    assert (len(mixed), len(answers)) == (10_000 + added, 10_000 + added)
    assert set(answers[10_000:]) == ({label} if added else set())
    assert mixed.dtype == answers.dtype == np.uint8


def test_rightly_read_is_what_the_page_would_say(linear_models: Path, dataset: Dataset) -> None:
    recognizer = load_recognizer("telling", linear_models)
    frames, labels = dataset.x_test[:200].copy(), dataset.y_test[:200].copy()
    assert read_rightly(recognizer, frames[:0], labels[:0]) == 0
    right = recognizer.classify(frames).argmax(axis=1) == labels
    told_digit = recognizer.digit_scores(frames) >= recognizer.card.digit_threshold
    assert read_rightly(recognizer, frames, labels) == (right & told_digit).sum() > 100
    # More ink than any digit has: refused, and rightly only where that is the label.
    frames[:] = 255
    assert read_rightly(recognizer, frames, labels) == 0
    assert read_rightly(recognizer, frames, np.full_like(labels, NOT_A_DIGIT)) == 200


def test_before_and_after_are_told(linear_models: Path, dataset: Dataset, tmp_path: Path) -> None:
    card = load_recognizer("plain", linear_models).card
    known = dataclasses.replace(card, sha256={**card.sha256, KERAS: "ab"})
    taught = TrainingInputs(
        initial=known,
        directory=linear_models,
        frames=dataset.x_test[:50],
        labels=dataset.y_test[:50],
    )
    before = taught.before(TrainingConfig())
    assert (before["model"], before["sha256"], before["corrections"]) == ("plain", "ab", 50)
    assert before["test_accuracy_before"] == 0.82
    text = describe_fine_tuning(before, "before")
    assert text.startswith("82.00% of the MNIST test images and ")
    assert f"{before['corrections_right_before']} of 50 corrections" in text
    assert "90.00%" in describe_fine_tuning(
        before | {"test_accuracy": 0.9, "corrections_right": 50}
    )
