"""Flushing files, and replacing their content atomically."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from mnist_core.storage.files import flush, read_json, write_atomically, write_json


def test_flush_takes_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    flush(tmp_path / "file")
    flush(tmp_path)
    with pytest.raises(FileNotFoundError):
        flush(tmp_path / "nothing")


def test_write_atomically_replaces_the_content_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with write_atomically(path) as file:
        file.write(b"new content")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new content"
    assert list(tmp_path.iterdir()) == [path]


def test_write_atomically_leaves_the_old_content_when_the_block_raises(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError), write_atomically(path) as file:
        file.write(b"half of the n")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_write_atomically_leaves_the_old_content_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    write_json(tmp_path / "values.json", {"a": 1})
    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        write_json(tmp_path / "values.json", {"a": 2})
    assert read_json(tmp_path / "values.json") == {"a": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["values.json"]


@pytest.mark.parametrize("content", [None, b"", b"{", b"[1]", b"\xff"])
def test_read_json_of_a_missing_or_damaged_file_is_empty(
    tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "values.json").write_bytes(content)
    assert read_json(tmp_path / "values.json") == {}


def test_read_json_of_deep_nesting_is_empty(tmp_path: Path) -> None:
    (tmp_path / "deep.json").write_text("[" * 10**5)
    assert read_json(tmp_path / "deep.json") == {}
