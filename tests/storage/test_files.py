"""What the disk does in one step."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mnist_core.storage.files import flush, swap


def test_files_and_folders_are_flushed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    flush(tmp_path / "file")
    flush(tmp_path)
    with pytest.raises(FileNotFoundError):
        flush(tmp_path / "nothing")


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="the system cannot swap")
def test_two_folders_swap_names(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "is").write_text(name)
    assert swap(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "a" / "is").read_text() == "b"
    assert (tmp_path / "b" / "is").read_text() == "a"


def test_nothing_happens_where_one_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert not swap(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "a").is_dir()
