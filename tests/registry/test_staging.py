"""Models saved, replaced, renamed and deleted."""

from __future__ import annotations

import dataclasses
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.cards import make_card, save_model

from mnist_core import ModelNotFoundError, TrainingError, list_models
from mnist_core.registry.card import TFLITE, write_card
from mnist_core.registry.staging import check_free, delete_model, rename_model, staged_model
from mnist_core.registry.store import is_bundled, load_card, read_verified


def test_staged_model_can_be_loaded(tmp_path: Path) -> None:
    save_model(tmp_path, "mine")
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
    save_model(tmp_path, "mine")
    with pytest.raises(TrainingError, match="already exists"), staged_model("mine", tmp_path):
        pytest.fail("the block must not run")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    read_verified(load_card("mine", tmp_path), TFLITE, tmp_path)


def test_staged_model_replaces_with_overwrite(tmp_path: Path) -> None:
    save_model(tmp_path, "mine")
    with staged_model("mine", tmp_path, overwrite=True) as stage:
        (stage / TFLITE).write_bytes(b"another")
        write_card(make_card(seed=2), stage)
    assert load_card("mine", tmp_path).seed == 2
    assert read_verified(load_card("mine", tmp_path), TFLITE, tmp_path) == b"another"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_staged_model_keeps_the_old_model_when_the_block_raises(tmp_path: Path) -> None:
    save_model(tmp_path, "mine")
    with (
        pytest.raises(RuntimeError),
        staged_model("mine", tmp_path, overwrite=True) as stage,
    ):
        (stage / TFLITE).write_bytes(b"half")
        raise RuntimeError
    assert read_verified(load_card("mine", tmp_path), TFLITE, tmp_path) == b"a network"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_staged_model_refuses_a_name_taken_meanwhile(tmp_path: Path) -> None:
    with (
        pytest.raises(TrainingError, match="already exists"),
        staged_model("mine", tmp_path) as slow,
    ):
        save_model(tmp_path, "mine", seed=2)
        (slow / TFLITE).write_bytes(b"too late")
        write_card(make_card(seed=3), slow)
    assert load_card("mine", tmp_path).seed == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


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


def test_staged_model_removes_old_folders_of_killed_processes(tmp_path: Path) -> None:
    for name, age in ((".old-abc", 7200), (".new-abc", 60)):
        (tmp_path / name).mkdir()
        (tmp_path / name / TFLITE).write_bytes(b"half")
        then = time.time() - age
        os.utime(tmp_path / name, (then, then))
    save_model(tmp_path, "mine")
    assert {path.name for path in tmp_path.iterdir()} == {".new-abc", "mine"}


def test_delete_model_removes_one(tmp_path: Path) -> None:
    save_model(tmp_path, "mine")
    save_model(tmp_path, "other")
    delete_model("mine", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_rename_model_keeps_all_but_the_name(tmp_path: Path) -> None:
    save_model(tmp_path, "mine", seed=7)
    card = rename_model("mine", "better", tmp_path)
    assert list_models(tmp_path) == [card]
    assert (card.name, card.seed) == ("better", 7)
    assert read_verified(card, TFLITE, tmp_path) == b"a network"
    assert [path.name for path in tmp_path.iterdir()] == ["better"]


@pytest.mark.parametrize("name", ["", "../mine", "nothing", ".mine", None])
def test_delete_model_and_rename_model_refuse_unknown_names(tmp_path: Path, name: str) -> None:
    save_model(tmp_path, "mine")
    with pytest.raises(ModelNotFoundError, match="mine"):
        delete_model(name, tmp_path)
    with pytest.raises(ModelNotFoundError, match="mine"):
        rename_model(name, "new", tmp_path)
    assert [card.name for card in list_models(tmp_path)] == ["mine"]


@pytest.mark.parametrize(("new", "match"), [("", "name"), ("../x", "name"), ("other", "already")])
def test_rename_model_refuses_an_invalid_or_taken_name(
    tmp_path: Path, new: str, match: str
) -> None:
    save_model(tmp_path, "mine")
    save_model(tmp_path, "other")
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
    save_model(tmp_path, "mine")
    with pytest.raises(TrainingError, match="already exists"):
        check_free("mine", tmp_path)
    check_free("mine", tmp_path, overwrite=True)
