"""Cached results on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mnist_core.storage.cache import cache_path, load_arrays, store_arrays

ARRAYS = {"counts": np.arange(6).reshape(2, 3), "shares": np.array([0.5])}


def test_load_arrays_returns_what_was_stored(cache: Path) -> None:
    path = cache_path("kind", "a model", 3)
    assert path.parent == cache
    assert load_arrays(path) == {}
    store_arrays(path, ARRAYS)
    kept = load_arrays(path)
    assert kept.keys() == ARRAYS.keys()
    assert all((kept[name] == array).all() for name, array in ARRAYS.items())
    assert [file.name for file in cache.iterdir()] == [path.name]


def test_cache_path_depends_on_every_part_of_the_key(cache: Path) -> None:
    paths = {cache_path(*key) for key in (("a", 1), ("a", 2), ("b", 1), ("a", "1"), ("a", 1, None))}
    assert len(paths) == 5
    assert cache_path("a", 1) == cache_path("a", 1)


@pytest.mark.parametrize("content", [b"", b"{}", b"PK\x03\x04 etc.", None])
def test_load_arrays_of_a_damaged_file_is_empty(content: bytes | None, cache: Path) -> None:
    path = cache_path("kind")
    store_arrays(path, ARRAYS)
    path.write_bytes(path.read_bytes()[:-40] if content is None else content)
    assert load_arrays(path) == {}


def test_load_arrays_of_a_lone_array_or_pickled_objects_is_empty(cache: Path) -> None:
    cache.mkdir()
    path = cache_path("kind")
    with path.open("wb") as file:
        np.save(file, np.arange(3))
    assert load_arrays(path) == {}
    np.savez(path, object=np.array([{}], object))
    assert load_arrays(path) == {}


def test_store_arrays_ignores_a_folder_that_cannot_be_written(cache: Path) -> None:
    cache.write_text("A file where the folder should be.")
    store_arrays(cache_path("kind"), ARRAYS)
    assert load_arrays(cache_path("kind")) == {}
