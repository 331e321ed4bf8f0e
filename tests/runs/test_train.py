"""Real trainings of the small model."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from support.processes import run_with_tensorflow
from support.runs import train_and_collect, train_and_fail

from mnist_core import ModelCard, TrainingConfig, TrainingError, list_models, load_recognizer, train
from mnist_core.registry.card import CARD, HISTORY, KERAS, PREDICTIONS, TFLITE
from mnist_core.runs.train import _checkpoint_settings
from mnist_core.training.events import BatchEnd, Done, EpochEnd, Message, TrainingEvent
from mnist_core.training.inputs import TrainingInputs

MLP = TrainingConfig(architecture="mlp", name="first", epochs=1, seed=5)


def saved_card(events: list[TrainingEvent]) -> ModelCard:
    last = events[-1]
    assert isinstance(last, Done)
    return last.card


def test_train_refuses_a_folder_that_cannot_be_written_at_once(tmp_path: Path) -> None:
    blocked = tmp_path / "models"
    blocked.write_text("a file")
    with pytest.raises(TrainingError, match="cannot be saved") as error:
        train(TrainingConfig(architecture="mlp"), directory=blocked)
    assert str(blocked) in str(error.value)


def test_train_refuses_a_taken_name_at_once(tmp_path: Path) -> None:
    (tmp_path / "mlp").mkdir()
    with pytest.raises(TrainingError, match="already"):
        train(TrainingConfig(architecture="mlp"), directory=tmp_path)


def test_checkpoints_do_not_depend_on_name_machine_and_export(tmp_path: Path) -> None:
    settings = MLP.resolved()
    inputs = TrainingInputs.of(settings, tmp_path)
    expected = _checkpoint_settings(settings, inputs)
    for change in (
        {"name": "x"},
        {"overwrite": True},
        {"strategy": "mirrored"},
        {"quantize": True},
    ):
        changed = dataclasses.replace(settings, **change)
        assert _checkpoint_settings(changed, inputs) == expected, change
    tuned = dataclasses.replace(settings, initial_model="any")
    mixed = dataclasses.replace(tuned, initial_share=0.5)
    assert _checkpoint_settings(mixed, inputs) == _checkpoint_settings(tuned, inputs)
    changed = dataclasses.replace(settings, learning_rate=0.5)
    assert _checkpoint_settings(changed, inputs) != expected


@pytest.mark.slow
def test_train_reports_saves_and_is_reproducible(tmp_path: Path) -> None:
    events = run_with_tensorflow(train_and_collect, MLP, tmp_path)
    assert isinstance(events[0], Message)
    batches = [event for event in events if isinstance(event, BatchEnd)]
    numbers = [batch.batch for batch in batches]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == batches[-1].batches == 430  # 55,000 images by 128
    (epoch,) = (event for event in events if isinstance(event, EpochEnd))
    assert events.index(epoch) > events.index(batches[0])
    assert 0.85 < epoch.accuracy < epoch.val_accuracy < 1

    card = saved_card(events)
    assert [c.name for c in list_models(tmp_path)] == ["first"]
    assert {path.name for path in (tmp_path / "first").iterdir()} == {
        CARD, HISTORY, KERAS, PREDICTIONS, TFLITE,
    }  # fmt: skip
    assert card.test_accuracy > 0.94
    assert card.test_interval[0] < card.test_accuracy < card.test_interval[1]
    assert 0.2 < card.temperature < 5
    assert 0 < card.digit_threshold < 1
    assert card.configuration == dataclasses.asdict(MLP.resolved())
    assert load_recognizer("first", tmp_path).card == card

    for name, seed in (("again", 5), ("other", 6)):
        config = dataclasses.replace(MLP, name=name, seed=seed)
        other = saved_card(run_with_tensorflow(train_and_collect, config, tmp_path))
        assert (other.digest == card.digest) is (seed == 5)
    assert {path.name for path in tmp_path.iterdir()} == {"first", "again", "other"}


@pytest.mark.slow
def test_train_leaves_no_model_when_interrupted(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="stopped by the test"):
        run_with_tensorflow(train_and_fail, MLP, tmp_path)
    assert list(tmp_path.iterdir()) == []
