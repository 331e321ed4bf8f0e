"""Real trainings of the quick model."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_core import ModelCard, TrainingConfig, TrainingError, list_models, load_recognizer, train
from mnist_core.registry.card import CARD, HISTORY, KERAS, PREDICTIONS, TFLITE

# In processes of their own: TensorFlow is large, and each begins from nothing as a user's does.
TRAIN = """
import json, sys
from pathlib import Path
from mnist_core import TrainingConfig, train
from mnist_core.training.events import event_to_json
events = []
config = TrainingConfig(architecture="mlp", name=sys.argv[2], epochs=1, seed=int(sys.argv[3]))
card = train(config, lambda event: events.append(event_to_json(event)), Path(sys.argv[1]))
print("\\n".join(events))
"""
INTERRUPTED = """
import sys
from pathlib import Path
from mnist_core import TrainingConfig, train
from mnist_core.training.events import BatchEnd
def stop(event):
    if isinstance(event, BatchEnd):
        raise RuntimeError("stopped by the test")
train(TrainingConfig(architecture="mlp"), stop, Path(sys.argv[1]))
"""


def run(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_folder_that_cannot_be_written_is_explained_before_anything_is_computed(
    tmp_path: Path,
) -> None:
    blocked = tmp_path / "models"
    blocked.write_text("a file")
    with pytest.raises(TrainingError, match="cannot be saved") as error:
        train(TrainingConfig(architecture="mlp"), directory=blocked)
    assert str(blocked) in str(error.value)


def test_a_taken_name_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    (tmp_path / "mlp").mkdir()
    with pytest.raises(TrainingError, match="there already"):
        train(TrainingConfig(architecture="mlp"), directory=tmp_path)


@pytest.mark.slow
def test_a_training_reports_saves_and_can_be_repeated(tmp_path: Path) -> None:
    first, again, other = (run(TRAIN, tmp_path, name, seed) for name, seed in
                           (("first", 5), ("again", 5), ("other", 6)))  # fmt: skip
    events = [json.loads(line) for line in first.stdout.splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds[0] == "message"
    assert kinds[-1] == "done"
    batches = [event for event in events if event["event"] == "batch"]
    assert [b["batch"] for b in batches] == sorted({b["batch"] for b in batches})
    assert batches[-1]["batch"] == batches[-1]["batches"] == 430  # 55,000 images by 128
    (epoch,) = (event for event in events if event["event"] == "epoch")
    assert kinds.index("epoch") > kinds.index("batch")
    assert 0.85 < epoch["accuracy"] < epoch["val_accuracy"] < 1

    card = ModelCard.from_json(events[-1]["card"])
    assert [c.name for c in list_models(tmp_path)].count("first") == 1
    assert {path.name for path in (tmp_path / "first").iterdir()} == {
        CARD, HISTORY, KERAS, PREDICTIONS, TFLITE,
    }  # fmt: skip
    assert card.test_accuracy > 0.94
    assert card.test_interval[0] < card.test_accuracy < card.test_interval[1]
    assert 0.2 < card.temperature < 5
    assert 0 < card.digit_threshold < 1
    assert card.configuration == dataclasses.asdict(
        TrainingConfig(architecture="mlp", name="first", epochs=1, seed=5).resolved()
    )
    assert load_recognizer("first", tmp_path).card == card

    same = ModelCard.from_json(json.loads(again.stdout.splitlines()[-1])["card"])
    differs = ModelCard.from_json(json.loads(other.stdout.splitlines()[-1])["card"])
    assert same.sha256[TFLITE] == card.sha256[TFLITE] != differs.sha256[TFLITE]
    assert {path.name for path in tmp_path.iterdir()} == {"first", "again", "other"}


@pytest.mark.slow
def test_an_interrupted_training_leaves_nothing(tmp_path: Path) -> None:
    result = run(INTERRUPTED, tmp_path)
    assert "stopped by the test" in result.stderr
    assert list(tmp_path.iterdir()) == []
