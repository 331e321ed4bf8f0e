"""Teaching a trained network: the mixing, and the style of one hand."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.strokes import (
    DEVELOPMENT_STROKES,
    drawn_digit,
    load_development_strokes,
    load_development_writers,
)

from mnist_core import Recognizer, TrainingConfig, TrainingError, load_recognizer
from mnist_core.corrections.correction import Correction
from mnist_core.corrections.store import CorrectionStore
from mnist_core.preprocessing.framing import extract_digits
from mnist_core.registry.store import list_models
from mnist_core.storage.paths import models_directory

ROOT = Path(__file__).resolve().parents[2]

# In a process of its own: TensorFlow is large.
MIX = """
import json, sys
import keras, numpy as np, tensorflow as tf
from mnist_core.augmentation.transforms import Source
from mnist_core.training.fine_tuning import taught_batches
from mnist_core.training.losses import TaughtAccuracy, taught_loss

def teacher(width):
    # Sure of "4" for what has ink on the left, in doubt between 2 and 3 elsewhere.
    dense = keras.layers.Dense(width)
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), dense])
    left = np.zeros((28, 28, width), np.float32)
    left[:, :14, 4] = 0.01
    bias = np.zeros(width, np.float32)
    bias[2:4] = 3
    bias[10:] = 5
    dense.set_weights([left.reshape(784, width), bias])
    return model

left, right = np.zeros((2, 1, 28, 28), np.uint8)
left[:, :, 4:10], right[:, :, 20:24] = 255, 255
out = {}
for width in (10, 11):
    sources = [Source(np.concatenate([left, right]), np.array([4, 3], np.uint8), 1.0)]
    if width == 11:
        sources.append(Source(right, np.array([10], np.uint8), 0.25))
    for count in (1, 10, 400):
        corrections = np.repeat(right, count, 0), np.full(count, 10 if width == 11 else 7, np.uint8)
        data = taught_batches(teacher(width), sources, corrections, 64, range(3), 5)
        images, targets = (np.array(part) for part in zip(*data.as_numpy_iterator()))
        other = taught_batches(teacher(width), sources, corrections, 64, range(2, 3), 5)
        again = next(iter(other.as_numpy_iterator()))
        out[f"{width} {count}"] = {
            "shape": targets.shape, "images": images.shape,
            "same": bool((again[0] == images[2]).all() and (again[1] == targets[2]).all()),
            "range": [float(images.min()), float(images.max())],
            "targets": targets[0].round(4).tolist(),
            "altered": float(np.abs(images[0, -1] - images[1, -1]).max()),
        }
    model = teacher(width)
    said = tf.nn.softmax(model(right)[:, :10]).numpy()
    said = np.concatenate([said, tf.sigmoid(model(right)[:, 10:]).numpy()], 1)
    wrong = np.roll(said[:, :10], 3, 1)
    wrong = np.concatenate([wrong, said[:, 10:]], 1)
    metric = TaughtAccuracy()
    even = np.full((1, width), 0.1, np.float32)
    answers = tf.repeat(model(right), 3, 0)
    metric.update_state(tf.constant(np.concatenate([said, wrong, even])), answers)
    out[f"loss {width}"] = [
        float(taught_loss(tf.constant(t), model(right))[0]) for t in (said, wrong)
    ]
    out[f"accuracy {width}"] = float(metric.result())
print(json.dumps(out))
"""


@pytest.mark.slow
def test_corrections_are_mixed_into_what_the_network_says() -> None:
    result = subprocess.run(
        [sys.executable, "-c", MIX], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr[-2000:]
    out = json.loads(result.stdout)
    for width in (10, 11):
        # One has at least an image of each batch, ten a twentieth, and all at most a fifth.
        for count, taught in ((1, 1), (10, 3), (400, 13)):
            mixed = out[f"{width} {count}"]
            assert mixed["shape"] == [3, 64, width]
            assert mixed["images"] == [3, 64, 28, 28]
            assert mixed["same"], "a training that goes on would have other batches"
            assert 0 <= mixed["range"][0] < mixed["range"][1] <= 255
            assert mixed["augmented_batches"] > 10
            targets = np.array(mixed["targets"])
            assert np.allclose(targets[:, :10].sum(axis=1), 1, atol=1e-3)
            known, corrected = targets[:-taught], targets[-taught:]
            right_answer = [0.1] * 10 + [0] if width == 11 else np.eye(10)[7]
            assert np.allclose(corrected, right_answer)
            assert not np.allclose(known[-1], right_answer)
            likeliest = known[:, :10].argmax(axis=1)
            assert {*likeliest} <= {2, 3, 4}
            # In doubt where the teacher is; but where it is wrong, the truth.
            told = known[known[:, :10].max(axis=1) > 0.999]
            assert {*told[:, :10].argmax(axis=1)} <= {3, 4}
        best, wrong = out[f"loss {width}"]
        assert best < wrong
        assert out[f"accuracy {width}"] == 0.5


def test_a_fine_tuning_is_short_and_gentle_unless_told_otherwise() -> None:
    plain = TrainingConfig(architecture="champion")
    fine = TrainingConfig(architecture="champion", initial_model="champion")
    assert fine.name == "champion-tuned"
    assert fine.epochs == 1
    assert fine.learning_rate < plain.learning_rate  # type: ignore[operator]
    assert TrainingConfig(architecture="mlp", initial_model="mlp").target_accuracy is None
    told = TrainingConfig(initial_model="x" * 40, epochs=3, learning_rate=1e-5)
    assert (told.epochs, told.learning_rate) == (3, 1e-5)
    assert told.name == "x" * 34 + "-tuned"


@pytest.mark.parametrize(
    "wrong",
    [
        {"initial_model": ""},
        {"initial_model": "../cnn"},
        {"initial_model": 7},
        {"initial_model": True},
        {"include_corrections": None},
        {"include_corrections": "yes"},
        {"include_corrections": 1},
    ],
)
def test_impossible_settings_are_explained(wrong: dict[str, object]) -> None:
    with pytest.raises(TrainingError, match="Received"):
        TrainingConfig(**wrong)  # type: ignore[arg-type]


def fine_tuned(
    model: str, corrections: list[Correction], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Recognizer, str]:
    """A bundled model after fine-tuning, by the command line, and what that said."""
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


# Whose hand, the digit, and what the bundled cnn takes it for: a 1 that leans, with a flag as long
# as the top of a 7.
WRITER, DIGIT, TAKEN_FOR = 28, 1, 7


@pytest.mark.slow
@pytest.mark.skipif(
    not DEVELOPMENT_STROKES.exists(), reason="the development strokes are not beside this checkout"
)
def test_ten_corrections_fix_a_style_and_little_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = load_recognizer("cnn")
    strokes, labels = load_development_strokes()
    hand = np.flatnonzero((labels == DIGIT) & (load_development_writers() == WRITER))
    frames = np.array([extract_digits(drawn_digit(strokes[k]))[0].frame for k in hand])
    # All that it reads wrongly are of the style; ten are corrected, ten others are the test.
    wrong = frames[before.classify(frames).argmax(axis=1) == TAKEN_FOR]
    chosen = np.random.default_rng(0).permutation(len(wrong))[:20]
    assert len(chosen) == 20
    corrections = [
        Correction(frame=wrong[k], label=DIGIT, guess=TAKEN_FOR, source="draw") for k in chosen[:10]
    ]
    after, said = fine_tuned("cnn", corrections, tmp_path, monkeypatch)

    answers = after.classify(wrong[chosen[10:]]).argmax(axis=1)
    assert (answers == DIGIT).sum() >= 8
    card = after.card
    assert card.test_accuracy >= before.card.test_accuracy - 0.001
    assert card.fine_tuning["test_accuracy_before"] == before.card.test_accuracy
    assert card.fine_tuning["test_accuracy"] == card.test_accuracy
    assert card.fine_tuning["corrections"] == 10
    assert card.fine_tuning["corrections_right_before"] == 0
    assert card.fine_tuning["corrections_right"] >= 9
    assert f"Before: {before.card.test_accuracy:.2%} of the MNIST test images and 0 of 10" in said
    assert f"After: {card.test_accuracy:.2%} of the MNIST test images and " in said
    assert "mine" in {found.name for found in list_models()}
