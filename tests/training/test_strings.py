"""Training the string network."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mnist_core.errors import ModelLoadError, TrainingError
from mnist_core.inference import strings
from mnist_core.registry.card import STRINGS, TFLITE, ModelCard, read_card
from mnist_core.registry.staging import check_free
from mnist_core.registry.store import list_models, read_verified
from mnist_core.storage.paths import BUNDLED_MODELS
from mnist_core.training.strings import train_strings


@pytest.mark.parametrize(("steps", "seed"), [(0, 1), (-5, 1), (10, -1), (10, 2**32)])
def test_settings_out_of_range_are_refused(steps: int, seed: int, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="must be"):
        train_strings(steps=steps, seed=seed, directory=tmp_path)
    assert not list(tmp_path.iterdir())


def test_string_network_of_the_repository_matches_its_card_and_is_no_choice() -> None:
    card = read_card(BUNDLED_MODELS / STRINGS / "card.json")
    assert len(read_verified(card, TFLITE, BUNDLED_MODELS)) < 2_000_000
    assert card.test_accuracy > 0.85
    assert STRINGS not in {other.name for other in list_models(BUNDLED_MODELS)}
    with pytest.raises(TrainingError, match="reserved"):
        check_free(STRINGS, BUNDLED_MODELS, overwrite=True)


def test_without_a_string_network_none_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_MODELS", str(tmp_path))
    assert strings.load_string_reader() is not None  # the one of the repository
    monkeypatch.setattr(strings, "BUNDLED_MODELS", tmp_path)
    assert strings.load_string_reader() is None


def test_damaged_string_network_is_explained(tmp_path: Path) -> None:
    shutil.copytree(BUNDLED_MODELS / STRINGS, tmp_path / STRINGS)
    (tmp_path / STRINGS / TFLITE).write_bytes(b"truncated")
    card = read_card(tmp_path / STRINGS / "card.json")
    with pytest.raises(ModelLoadError, match="python -m mnist_core train-strings"):
        read_verified(card, TFLITE, tmp_path)


@pytest.mark.slow
def test_finished_training_is_not_repeated_with_its_checkpoint(tmp_path: Path) -> None:
    messages: list[str] = []

    def train() -> ModelCard:
        return train_strings(
            steps=6,
            seed=3,
            pool_size=0.01,
            backup=tmp_path / "backup",
            directory=tmp_path / "models",
            on_message=messages.append,
        )

    card = train()
    assert messages[-1].startswith("Step 6 of 6: loss ")
    messages.clear()
    again = train()
    assert not any(message.startswith("Step") for message in messages)
    assert again.test_accuracy == card.test_accuracy
