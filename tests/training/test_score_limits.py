"""The limits of the digit score, and the images that they are chosen on."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from support.cards import make_card

from mnist_core import Dataset, Recognizer, load_recognizer
from mnist_core.__main__ import main
from mnist_core.data import LabelledArrays
from mnist_core.registry.card import CARD
from mnist_core.registry.store import load_card
from mnist_core.storage.paths import BUNDLED_MODELS
from mnist_core.training import score_limits
from mnist_core.training.score_limits import (
    choose_limits,
    held_out_digits,
    held_out_non_digits,
)


@pytest.fixture
def few(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> LabelledArrays:
    """Sixty digits, and twenty images of each collection."""
    monkeypatch.setattr(score_limits, "_COUNT", 20)
    return dataset.training.select(slice(60))


def test_held_out_images_are_frames_and_reproducible(few: LabelledArrays) -> None:
    for make in (held_out_digits, lambda: held_out_non_digits(few)):
        collections, again = make(), make()
        for name, frames in collections.items():
            assert (frames.shape, frames.dtype) == ((20, 28, 28), np.uint8), name
            assert len(np.unique(frames, axis=0)) == 20, name
            assert np.array_equal(frames, again[name]), name


def test_limits_of_a_network_that_detects_non_digits(
    few: LabelledArrays, recognizer: Recognizer
) -> None:
    limits = choose_limits(recognizer, few)
    assert 0.1 < limits.digit < limits.ordinary <= 1
    # Scores of the digits that are low without exception move both.
    low = choose_limits(recognizer, few, np.full(60, 0.05))
    assert low.digit < limits.digit


def test_limits_of_a_network_without_that_output_are_quantiles(few: LabelledArrays) -> None:
    content = (BUNDLED_MODELS / "mlp" / "model.tflite").read_bytes()
    scores = np.linspace(0, 1, 1001)
    limits = choose_limits(Recognizer(content, make_card()), few, scores)
    assert (limits.digit, limits.ordinary) == pytest.approx((0.003, 0.01))


def test_calibrate_changes_the_limits_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(BUNDLED_MODELS / "mlp", tmp_path / "mlp")
    monkeypatch.setenv("MNIST_MODELS", str(tmp_path))
    path = tmp_path / "mlp" / CARD
    text = path.read_text(encoding="utf-8")
    before = load_card("mlp", tmp_path)
    path.write_text(text.replace(str(before.digit_threshold), "0.123"), encoding="utf-8")
    assert main(["calibrate", "mlp"]) == 0
    assert "a digit from a score of 0." in capsys.readouterr().out
    after = load_card("mlp", tmp_path)
    assert after.digit_threshold == pytest.approx(before.digit_threshold, abs=1e-4)
    assert after.digit_threshold < after.ordinary_threshold < 1
    changed = {"digit_threshold", "ordinary_threshold"}
    assert all(
        getattr(after, name) == getattr(before, name) for name in vars(after) if name not in changed
    )
    assert load_recognizer("mlp", tmp_path).card == after
    assert main(["calibrate", "nothing"]) == 2
