"""Fine-tuning: the batches, and a complete one on the style of one writer."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.processes import run_with_tensorflow
from support.strokes import (
    DEVELOPMENT_STROKES,
    drawn_digit,
    load_development_strokes,
    load_development_writers,
)
from support.trainings import distill, mix_corrections

from mnist_core import Recognizer, load_recognizer
from mnist_core.corrections.correction import Correction
from mnist_core.corrections.store import CorrectionStore
from mnist_core.preprocessing.extraction import extract_digits
from mnist_core.registry.store import list_models
from mnist_core.storage.paths import models_directory

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("width", [10, 11])
# One correction has at least an image of each batch, ten a twentieth, and all at most a fifth.
@pytest.mark.parametrize(("corrections", "share"), [(1, 1), (10, 3), (400, 13)])
def test_fine_tuning_batches_mix_corrections_with_known_images(
    width: int, corrections: int, share: int
) -> None:
    mixed = run_with_tensorflow(mix_corrections, width, corrections)
    assert mixed.images.shape == (3, 64, 28, 28)
    assert mixed.targets.shape == (3, 64, width)
    assert np.array_equal(mixed.again[0], mixed.images[2]), "a resumed training would differ"
    assert np.array_equal(mixed.again[1], mixed.targets[2])
    assert 0 <= mixed.images.min() < mixed.images.max() <= 255
    assert np.abs(mixed.images[0, -1] - mixed.images[1, -1]).max() > 10
    targets = mixed.targets[0]
    assert np.allclose(targets[:, :10].sum(axis=1), 1, atol=1e-3)
    known, corrected = targets[:-share], targets[-share:]
    expected = [0.1] * 10 + [0] if width == 11 else np.eye(10)[7]
    assert np.allclose(corrected, expected)
    assert not np.allclose(known[-1], expected)
    assert {*known[:, :10].argmax(axis=1)} <= {2, 3, 4}
    # As uncertain as the teacher; but where it is wrong, the truth.
    certain = known[known[:, :10].max(axis=1) > 0.999]
    assert {*certain[:, :10].argmax(axis=1)} <= {3, 4}


@pytest.mark.slow
@pytest.mark.parametrize("width", [10, 11])
def test_distillation_loss_and_accuracy_favor_the_teachers_answer(width: int) -> None:
    own, wrong, accuracy = run_with_tensorflow(distill, width)
    assert own < wrong
    assert accuracy == 0.5


def fine_tuned(
    model: str, corrections: list[Correction], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Recognizer, str]:
    """A bundled model after fine-tuning on the command line, and the command's output."""
    shutil.copytree(models_directory() / model, folder / "models" / model)
    monkeypatch.setenv("MNIST_MODELS", str(folder / "models"))
    monkeypatch.setenv("MNIST_RUNS", str(folder / "runs"))
    monkeypatch.setenv("MNIST_CORRECTIONS", str(folder / "corrections.sqlite3"))
    CorrectionStore().add(*corrections)
    arguments = ["--initial-model", model, "--include-corrections", "--name", "mine"]
    result = subprocess.run(
        [sys.executable, "-m", "mnist_core", "train", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    return load_recognizer("mine"), result.stdout


# A writer whose slanted 1, with a flag as long as the top of a 7, the bundled cnn reads as 7.
WRITER, DIGIT, READ_AS = 28, 1, 7


@pytest.mark.slow
@pytest.mark.skipif(
    not DEVELOPMENT_STROKES.exists(), reason="the development strokes are not beside this checkout"
)
def test_fine_tuning_on_ten_corrections_learns_a_style_and_forgets_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = load_recognizer("cnn")
    strokes, labels = load_development_strokes()
    indices = np.flatnonzero((labels == DIGIT) & (load_development_writers() == WRITER))
    frames = np.array([extract_digits(drawn_digit(strokes[k])).digits[0].frame for k in indices])
    # All errors are of this style; ten are corrected, ten others are the test.
    wrong = frames[before.classify(frames).argmax(axis=1) == READ_AS]
    chosen = np.random.default_rng(0).permutation(len(wrong))[:20]
    assert len(chosen) == 20
    corrections = [
        Correction(frame=wrong[k], label=DIGIT, guess=READ_AS, source="draw") for k in chosen[:10]
    ]
    after, output = fine_tuned("cnn", corrections, tmp_path, monkeypatch)

    answers = after.classify(wrong[chosen[10:]]).argmax(axis=1)
    assert (answers == DIGIT).sum() >= 8
    card = after.card
    assert card.test_accuracy >= before.card.test_accuracy - 0.001
    assert card.fine_tuning["test_accuracy_before"] == before.card.test_accuracy
    assert card.fine_tuning["test_accuracy"] == card.test_accuracy
    assert card.fine_tuning["corrections"] == 10
    assert card.fine_tuning["corrections_right_before"] == 0
    assert card.fine_tuning["corrections_right"] >= 9
    assert f"Before: {before.card.test_accuracy:.2%} of the MNIST test images and 0 of 10" in output
    assert f"After: {card.test_accuracy:.2%} of the MNIST test images and " in output
    assert "mine" in {found.name for found in list_models()}
