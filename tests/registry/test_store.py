"""Models on disk: saved, found, checked, replaced, renamed and deleted."""

from __future__ import annotations

import dataclasses
import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import MISSING
from pathlib import Path

import pytest
from support.cards import make_card

from mnist_core import ModelCard, ModelLoadError, ModelNotFoundError, TrainingError, list_models
from mnist_core.registry.card import CARD, TFLITE, check_name, write_card
from mnist_core.registry.staging import check_free, delete_model, rename_model, staged_model
from mnist_core.registry.store import is_bundled, load_card, read_verified
from mnist_core.storage.paths import models_directory


def save(directory: Path, name: str, **changes: object) -> None:
    with staged_model(name, directory) as stage:
        (stage / TFLITE).write_bytes(b"a network")
        write_card(make_card(name, **changes), stage)


@pytest.mark.parametrize("name", ["a", "7", "my-cnn", "my_cnn.v2", "x" * 40])
def test_check_name_returns_a_valid_name(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "a\\b",
        "/etc",
        ".hidden",
        "-x",
        "A",
        "é",
        "a b",
        "x" * 41,
        "a\n",
    ],
)
def test_check_name_refuses_paths_and_odd_characters(name: str, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="Received"):
        check_name(name)
    with pytest.raises(ModelNotFoundError):
        load_card(name, tmp_path)


@pytest.mark.parametrize("name", [None, 7, b"mine", ["mine"]])
def test_check_name_refuses_other_types(name: object) -> None:
    with pytest.raises(TrainingError, match="Received"):
        check_name(name)  # type: ignore[arg-type]


def test_staged_model_can_be_loaded(tmp_path: Path) -> None:
    save(tmp_path, "mine")
    card = load_card("mine", tmp_path)
    assert dataclasses.replace(card, sha256={}) == make_card("mine")
    assert read_verified(card, TFLITE, tmp_path) == b"a network"
    assert list_models(tmp_path) == [card]


def test_staged_model_leaves_nothing_when_the_block_raises(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), staged_model("mine", tmp_path) as stage:
        (stage / TFLITE).write_bytes(b"half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_staged_model_is_not_listed_before_the_block_ends(tmp_path: Path) -> None:
    with staged_model("mine", tmp_path) as stage:
        (stage / TFLITE).write_bytes(b"a network")
        write_card(make_card(), stage)
        assert list_models(tmp_path) == []
    assert len(list_models(tmp_path)) == 1


def test_staged_model_refuses_a_taken_name(tmp_path: Path) -> None:
    save(tmp_path, "mine")
    with pytest.raises(TrainingError, match="already exists"), staged_model("mine", tmp_path):
        pytest.fail("the block must not run")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    read_verified(load_card("mine", tmp_path), TFLITE, tmp_path)


def test_staged_model_replaces_with_overwrite(tmp_path: Path) -> None:
    save(tmp_path, "mine")
    with staged_model("mine", tmp_path, overwrite=True) as stage:
        (stage / TFLITE).write_bytes(b"another")
        write_card(make_card(seed=2), stage)
    assert load_card("mine", tmp_path).seed == 2
    assert read_verified(load_card("mine", tmp_path), TFLITE, tmp_path) == b"another"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_staged_model_keeps_the_old_model_when_the_block_raises(tmp_path: Path) -> None:
    save(tmp_path, "mine")
    with (
        pytest.raises(RuntimeError),
        staged_model("mine", tmp_path, overwrite=True) as stage,
    ):
        (stage / TFLITE).write_bytes(b"half")
        raise RuntimeError
    assert read_verified(load_card("mine", tmp_path), TFLITE, tmp_path) == b"a network"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_list_models_ignores_hidden_folders_and_stray_files(tmp_path: Path) -> None:
    (tmp_path / ".mine").mkdir()
    write_card(make_card(".mine"), tmp_path / ".mine")
    (tmp_path / "notes.txt").write_text("not a folder")
    (tmp_path / "empty").mkdir()
    assert list_models(tmp_path) == []
    with pytest.raises(ModelNotFoundError):
        load_card(".mine", tmp_path)


def test_staged_model_refuses_a_name_taken_meanwhile(tmp_path: Path) -> None:
    with (
        pytest.raises(TrainingError, match="already exists"),
        staged_model("mine", tmp_path) as slow,
    ):
        save(tmp_path, "mine", seed=2)
        (slow / TFLITE).write_bytes(b"too late")
        write_card(make_card(seed=3), slow)
    assert load_card("mine", tmp_path).seed == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_list_models_begins_with_the_default(tmp_path: Path) -> None:
    for name, accuracy in (("mlp", 0.98), ("b", 0.97), ("cnn", 0.99), ("a", 0.999)):
        save(tmp_path, name, test_accuracy=accuracy)
    assert [card.name for card in list_models(tmp_path)] == ["cnn", "mlp", "a", "b"]
    assert load_card(None, tmp_path).name == "cnn"
    save(tmp_path, "champion", test_accuracy=0.5)
    assert load_card(None, tmp_path).name == "champion"


@pytest.mark.parametrize("there", [True, False])
def test_load_card_without_models_says_how_to_train_one(tmp_path: Path, there: bool) -> None:
    directory = tmp_path if there else tmp_path / "nowhere"
    assert list_models(directory) == []
    with pytest.raises(ModelNotFoundError, match="Train one"):
        load_card(None, directory)


def test_load_card_of_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    save(tmp_path, "first")
    save(tmp_path, "second")
    with pytest.raises(ModelNotFoundError, match="first, second"):
        load_card("third", tmp_path)


def assert_refused(directory: Path, card: bytes) -> None:
    """A model with that card raises an error, and the list shows only the others."""
    save(directory, "good")
    save(directory, "bad")
    (directory / "bad" / CARD).write_bytes(card)
    with pytest.raises(ModelLoadError, match="bad"):
        load_card("bad", directory)
    assert [card.name for card in list_models(directory)] == ["good"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"{}", b"\xff", b"\x00" * 100])
def test_load_card_explains_what_is_not_a_card(tmp_path: Path, content: bytes) -> None:
    assert_refused(tmp_path, content)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "other"),
        ("name", None),
        ("parameters", "many"),
        ("test_accuracy", 1.5),
        ("test_accuracy", "good"),
        ("test_accuracy", float("nan")),
        ("test_interval", [0.5]),
        ("test_interval", None),
        ("temperature", 0),
        ("temperature", -1),
        ("temperature", float("inf")),
        ("temperature", None),
        ("digit_threshold", 7),
        ("digit_threshold", "high"),
        ("sha256", None),
        ("sha256", "abc"),
        ("extra", 1),
    ],
)
def test_load_card_explains_an_impossible_value(tmp_path: Path, field: str, value: object) -> None:
    card = dataclasses.asdict(make_card("bad")) | {field: value}
    assert_refused(tmp_path, json.dumps(card).encode())


@pytest.mark.parametrize(
    "field", [f.name for f in dataclasses.fields(ModelCard) if f.default_factory is MISSING]
)
def test_load_card_explains_a_missing_field(tmp_path: Path, field: str) -> None:
    card = dataclasses.asdict(make_card("bad"))
    del card[field]
    assert_refused(tmp_path, json.dumps(card).encode())


@pytest.mark.parametrize("content", [None, b"", b"a netw", b"another network"])
def test_read_verified_refuses_a_file_that_does_not_match_its_card(
    tmp_path: Path, content: bytes | None
) -> None:
    save(tmp_path, "mine")
    path = tmp_path / "mine" / TFLITE
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(ModelLoadError, match="Restore it") as error:
        read_verified(load_card("mine", tmp_path), TFLITE, tmp_path)
    assert str(path) in str(error.value)


def test_list_models_looks_where_the_variable_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path, "mine")
    assert "mine" not in [card.name for card in list_models()]
    monkeypatch.setenv("MNIST_MODELS", str(tmp_path))
    assert models_directory() == tmp_path
    assert [card.name for card in list_models()] == ["mine"]


def test_staged_model_replaced_by_many_at_once_stays_complete(tmp_path: Path) -> None:
    start = threading.Barrier(6)

    def replace(seed: int) -> None:
        for _ in range(20):
            with staged_model("mine", tmp_path, overwrite=True) as stage:
                (stage / TFLITE).write_bytes(b"a network")
                write_card(make_card(seed=seed), stage)
                start.wait()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(replace, range(6)))
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert read_verified(load_card("mine", tmp_path), TFLITE, tmp_path) == b"a network"


def test_load_card_finds_a_model_while_it_is_replaced(tmp_path: Path) -> None:
    save(tmp_path, "mine")
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
def test_load_card_looks_twice(
    name: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another process finishes replacing the model after the first look.
    monkeypatch.setattr("time.sleep", lambda seconds: save(tmp_path, "mine"))
    assert load_card(name, tmp_path).name == "mine"


def test_staged_model_removes_old_folders_of_killed_processes(tmp_path: Path) -> None:
    for name, age in ((".old-abc", 7200), (".new-abc", 60)):
        (tmp_path / name).mkdir()
        (tmp_path / name / TFLITE).write_bytes(b"half")
        then = time.time() - age
        os.utime(tmp_path / name, (then, then))
    save(tmp_path, "mine")
    assert {path.name for path in tmp_path.iterdir()} == {".new-abc", "mine"}


def test_delete_model_removes_one(tmp_path: Path) -> None:
    save(tmp_path, "mine")
    save(tmp_path, "other")
    delete_model("mine", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_rename_model_keeps_all_but_the_name(tmp_path: Path) -> None:
    save(tmp_path, "mine", seed=7)
    card = rename_model("mine", "better", tmp_path)
    assert list_models(tmp_path) == [card]
    assert (card.name, card.seed) == ("better", 7)
    assert read_verified(card, TFLITE, tmp_path) == b"a network"
    assert [path.name for path in tmp_path.iterdir()] == ["better"]


@pytest.mark.parametrize("name", ["", "../mine", "nothing", ".mine", None])
def test_delete_model_and_rename_model_refuse_unknown_names(tmp_path: Path, name: str) -> None:
    save(tmp_path, "mine")
    with pytest.raises(ModelNotFoundError, match="mine"):
        delete_model(name, tmp_path)
    with pytest.raises(ModelNotFoundError, match="mine"):
        rename_model(name, "new", tmp_path)
    assert [card.name for card in list_models(tmp_path)] == ["mine"]


@pytest.mark.parametrize(("new", "match"), [("", "name"), ("../x", "name"), ("other", "already")])
def test_rename_model_refuses_an_invalid_or_taken_name(
    tmp_path: Path, new: str, match: str
) -> None:
    save(tmp_path, "mine")
    save(tmp_path, "other")
    with pytest.raises(TrainingError, match=match):
        rename_model("mine", new, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"mine", "other"}


@pytest.mark.parametrize("name", ["champion", "cnn", "mlp"])
def test_delete_model_and_rename_model_refuse_bundled_models(name: str, tmp_path: Path) -> None:
    assert is_bundled(name)
    assert not is_bundled(name, tmp_path)
    before = load_card(name)
    with pytest.raises(TrainingError, match="came with the repository"):
        delete_model(name)
    with pytest.raises(TrainingError, match="came with the repository"):
        rename_model(name, "mine")
    assert load_card(name) == before


def test_check_free_leaves_no_trace(tmp_path: Path) -> None:
    check_free("mine", tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []
    save(tmp_path, "mine")
    with pytest.raises(TrainingError, match="already exists"):
        check_free("mine", tmp_path)
    check_free("mine", tmp_path, overwrite=True)
