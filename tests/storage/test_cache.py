"""Results on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mnist_core.storage.cache import cache_path, load_arrays, store_arrays
from mnist_core.storage.paths import cache_directory

ARRAYS = {"counts": np.arange(6).reshape(2, 3), "shares": np.array([0.5])}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MNIST_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_what_is_stored_is_loaded_again(folder: Path) -> None:
    path = cache_path("kind", "a model", 3)
    assert path.parent == cache_directory() == folder
    assert load_arrays(path) == {}
    store_arrays(path, ARRAYS)
    kept = load_arrays(path)
    assert kept.keys() == ARRAYS.keys()
    assert all((kept[name] == array).all() for name, array in ARRAYS.items())
    assert [file.name for file in folder.iterdir()] == [path.name]


def test_the_key_tells_results_apart() -> None:
    paths = {cache_path(*key) for key in (("a", 1), ("a", 2), ("b", 1), ("a", "1"), ("a", 1, None))}
    assert len(paths) == 5
    assert cache_path("a", 1) == cache_path("a", 1)


@pytest.mark.parametrize("content", [b"", b"{}", b"PK\x03\x04 not much", None])
def test_a_damaged_file_counts_as_absent(content: bytes | None) -> None:
    path = cache_path("kind")
    store_arrays(path, ARRAYS)
    path.write_bytes(path.read_bytes()[:-40] if content is None else content)
    assert load_arrays(path) == {}


def test_a_lone_array_and_pickled_objects_count_as_absent(folder: Path) -> None:
    folder.mkdir()
    path = cache_path("kind")
    with path.open("wb") as file:
        np.save(file, np.arange(3))
    assert load_arrays(path) == {}
    np.savez(path, object=np.array([{}], object))
    assert load_arrays(path) == {}


def test_a_folder_that_cannot_be_written_is_no_error(folder: Path) -> None:
    folder.write_text("A file where the folder should be.")
    store_arrays(cache_path("kind"), ARRAYS)
    assert load_arrays(cache_path("kind")) == {}
