"""Settings of a training, and real trainings of the quick model."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_core import ModelCard, TrainingConfig, TrainingError, list_models, load_recognizer, train
from mnist_core.architectures import ARCHITECTURES, get_architecture
from mnist_core.registry import CARD, HISTORY, KERAS, PREDICTIONS, TFLITE

# In processes of their own: TensorFlow is large, and each begins from nothing as a user's does.
TRAIN = """
import json, sys
from pathlib import Path
from mnist_core import TrainingConfig, train
from mnist_core.events import event_to_json
events = []
config = TrainingConfig(architecture="mlp", name=sys.argv[2], epochs=1, seed=int(sys.argv[3]))
card = train(config, lambda event: events.append(event_to_json(event)), Path(sys.argv[1]))
print("\\n".join(events))
"""
INTERRUPTED = """
import sys
from pathlib import Path
from mnist_core import TrainingConfig, train
from mnist_core.events import BatchEnd
def stop(event):
    if isinstance(event, BatchEnd):
        raise RuntimeError("stopped by the test")
train(TrainingConfig(architecture="mlp"), stop, Path(sys.argv[1]))
"""


def run(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_what_is_not_set_is_what_suits_the_architecture(name: str) -> None:
    config, architecture = TrainingConfig(architecture=name), get_architecture(name)
    assert config.name == name
    for field in ("epochs", "batch_size", "learning_rate", "target_accuracy"):
        assert getattr(config, field) == getattr(architecture, field)


def test_the_quick_model_stops_at_99_percent_or_ten_epochs() -> None:
    config = TrainingConfig(architecture="mlp")
    assert (config.target_accuracy, config.epochs) == (0.99, 10)


IMPOSSIBLE: dict[str, list[object]] = {
    "architecture": ["", "resnet", "../cnn", None, 7, []],
    "name": ["", "../x", "A", "x" * 41, 7, True, b"x"],
    "epochs": [0, -1, 1001, 2.5, "3", True],
    "batch_size": [0, -5, 10_001, 32.0, "128", True],
    "learning_rate": [0, -0.1, 1.1, float("nan"), float("inf"), "fast", True],
    "target_accuracy": [-0.1, 1.01, float("nan"), "high", True],
    "validation_fraction": [0, 0.6, -1, float("nan"), None, True],
    "seed": [-1, 2**32, 1.5, None, "1", True],
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field in IMPOSSIBLE for value in IMPOSSIBLE[field]]
)
def test_impossible_settings_are_explained(field: str, value: object) -> None:
    with pytest.raises(TrainingError, match="Received") as error:
        TrainingConfig(**{field: value})  # type: ignore[arg-type]
    assert field in str(error.value)
    assert repr(value) in str(error.value)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("epochs", [1, 1000]),
        ("batch_size", [1, 10_000]),
        ("learning_rate", [1e-6, 1]),
        ("target_accuracy", [0, 0.5, 1.0]),
        ("validation_fraction", [0.01, 0.5]),
        ("seed", [0, 2**32 - 1]),
    ],
)
def test_settings_reach_to_the_ends_of_their_ranges(field: str, values: list[float]) -> None:
    for value in values:
        assert getattr(TrainingConfig(**{field: value}), field) == value  # type: ignore[arg-type]


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
        TrainingConfig(architecture="mlp", name="first", epochs=1, seed=5)
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
