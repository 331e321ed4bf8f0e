"""The space that the project may take on the disk."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from mnist_core.errors import MnistError
from mnist_core.storage import cache as results
from mnist_core.storage import limits


def make_files(folder: Path, count: int) -> list[Path]:
    """Files of 100 bytes, the oldest first."""
    files = [folder / f"{number}.npz" for number in range(count)]
    for age, file in enumerate(reversed(files)):
        file.write_bytes(bytes(100))
        os.utime(file, (10**9 - age, 10**9 - age))
    return files


@pytest.mark.parametrize(("limit", "left"), [(1000, 4), (400, 4), (399, 3), (250, 2), (0, 0)])
def test_the_oldest_files_are_removed(limit: int, left: int, tmp_path: Path) -> None:
    files = make_files(tmp_path, 4)
    limits.remove_oldest([*files, tmp_path / "gone"], limit)
    assert [file for file in files if file.exists()] == files[4 - left :]


def test_cached_results_that_are_used_stay(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [results.cache_path("kind", number) for number in range(3)]
    for age, path in enumerate(paths):
        results.store_arrays(path, {"numbers": np.arange(100)})
        os.utime(path, (10**9 + age, 10**9 + age))
    assert results.load_arrays(paths[0])
    monkeypatch.setattr(results, "CACHE_BYTES", 3 * paths[0].stat().st_size)
    results.store_arrays(results.cache_path("kind", 3), {"numbers": np.arange(100)})
    assert [path.exists() for path in paths] == [True, False, True]


def test_free_bytes_of_a_folder_that_will_be(tmp_path: Path) -> None:
    assert limits.free_bytes(tmp_path / "not" / "yet") > 0


def test_size_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(bytes(30))
    (tmp_path / "c").write_bytes(bytes(4))
    (tmp_path / "d").symlink_to("nothing")
    assert limits.size_of(tmp_path) == 34
    assert limits.size_of(tmp_path / "missing") == 0


@pytest.mark.parametrize("text", ["many", "0", "-1", "nan"])
def test_wrong_limit_of_runs_is_an_error(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_RUNS_GB", text)
    with pytest.raises(MnistError, match=r"\$MNIST_RUNS_GB must be a number"):
        limits.runs_limit()


def test_limit_of_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits.runs_limit() == 2 * 10**9
    monkeypatch.setenv("MNIST_RUNS_GB", "0.5")
    assert limits.runs_limit() == 5 * 10**8
