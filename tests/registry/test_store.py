"""Models found, listed and verified."""

from __future__ import annotations

import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.cards import make_card, save_model

from mnist_core import ModelLoadError, ModelNotFoundError, list_models
from mnist_core.registry.card import CARD, TFLITE, write_card
from mnist_core.registry.staging import staged_model
from mnist_core.registry.store import is_bundled, load_card, read_verified
from mnist_core.storage.paths import BUNDLED_MODELS, models_directory


def test_list_models_ignores_hidden_folders_and_stray_files(tmp_path: Path) -> None:
    (tmp_path / ".mine").mkdir()
    write_card(make_card(".mine"), tmp_path / ".mine")
    (tmp_path / "notes.txt").write_text("not a folder")
    (tmp_path / "empty").mkdir()
    assert list_models(tmp_path) == []
    with pytest.raises(ModelNotFoundError):
        load_card(".mine", tmp_path)


def test_list_models_begins_with_the_default(tmp_path: Path) -> None:
    for name, accuracy in (("mlp", 0.98), ("b", 0.97), ("cnn", 0.99), ("a", 0.999)):
        save_model(tmp_path, name, test_accuracy=accuracy)
    assert [card.name for card in list_models(tmp_path)] == ["cnn", "mlp", "a", "b"]
    assert load_card(None, tmp_path).name == "cnn"
    save_model(tmp_path, "champion", test_accuracy=0.5)
    assert load_card(None, tmp_path).name == "champion"


@pytest.mark.parametrize("there", [True, False])
def test_load_card_without_models_says_how_to_train_one(tmp_path: Path, there: bool) -> None:
    directory = tmp_path if there else tmp_path / "nowhere"
    assert list_models(directory) == []
    with pytest.raises(ModelNotFoundError, match="Train one"):
        load_card(None, directory)


def test_load_card_of_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    save_model(tmp_path, "first")
    save_model(tmp_path, "second")
    with pytest.raises(ModelNotFoundError, match="first, second"):
        load_card("third", tmp_path)


@pytest.mark.parametrize("content", [None, b"", b"a netw", b"another network"])
def test_read_verified_refuses_a_file_that_does_not_match_its_card(
    tmp_path: Path, content: bytes | None
) -> None:
    save_model(tmp_path, "mine")
    path = tmp_path / "mine" / TFLITE
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(ModelLoadError, match="Restore it") as error:
        read_verified(load_card("mine", tmp_path), TFLITE, tmp_path)
    assert str(path) in str(error.value)


def test_list_models_looks_where_the_variable_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_model(tmp_path, "mine")
    assert "mine" not in [card.name for card in list_models()]
    monkeypatch.setenv("MNIST_MODELS", str(tmp_path))
    assert models_directory() == tmp_path
    assert [card.name for card in list_models()] == ["mine"]


def test_load_card_finds_a_model_while_it_is_replaced(tmp_path: Path) -> None:
    save_model(tmp_path, "mine")
    is_over = threading.Event()

    def read() -> int:
        count = 0
        while not is_over.is_set():
            assert load_card("mine", tmp_path).name == "mine"
            count += 1
        return count

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        try:
            for seed in range(50):
                with staged_model("mine", tmp_path, overwrite=True) as stage:
                    (stage / TFLITE).write_bytes(b"a network")
                    write_card(make_card(seed=seed), stage)
        finally:
            is_over.set()
        assert reading.result() > 0
    assert load_card("mine", tmp_path).seed == 49
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("name", ["mine", None])
def test_load_card_waits_for_a_model_that_is_being_replaced(
    name: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another process has its folder here, and finishes after the third look.
    (tmp_path / ".mine-abc").mkdir()
    looks = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            save_model(tmp_path, "mine")

    monkeypatch.setattr("time.sleep", sleep)
    assert load_card(name, tmp_path).name == "mine"


def test_load_card_does_not_wait_without_a_replacement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: pytest.fail("waited"))
    with pytest.raises(ModelNotFoundError):
        load_card("mine", tmp_path)


def test_copies_of_bundled_models_are_bundled_and_others_of_their_names_are_not(
    own_models: Path,
) -> None:
    for name in ("mlp", "cnn"):
        shutil.copytree(BUNDLED_MODELS / name, own_models / name)
    shutil.copy(BUNDLED_MODELS / "mlp" / TFLITE, own_models / "cnn" / TFLITE)
    card = json.loads((BUNDLED_MODELS / "mlp" / CARD).read_text()) | {"name": "cnn"}
    (own_models / "cnn" / CARD).write_text(json.dumps(card))
    assert is_bundled("mlp")
    assert not is_bundled("cnn")  # trained again
    assert not is_bundled("champion")  # not there
    assert all(is_bundled(name, BUNDLED_MODELS) for name in ("champion", "cnn", "mlp"))
