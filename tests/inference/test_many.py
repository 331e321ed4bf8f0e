"""Reading many files, by several processes, one of which may be killed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from support.commands import write_image
from support.own_strokes import OWN_STROKES

from mnist_core import MnistError
from mnist_core.inference import many
from mnist_core.inference.many import find_files, read_files


@pytest.fixture
def pictures(tmp_path: Path) -> list[str]:
    """Twenty images of the digits 0 to 9, and between them a file that is no image."""
    paths = [write_image(tmp_path / f"{n:02}.png", OWN_STROKES[n % 10]) for n in range(20)]
    paths[10].write_bytes(b"not an image")
    return [str(path) for path in paths]


def answers(files: list[str], processes: int) -> list[str]:
    found = list(read_files(files, "mlp", processes=processes))
    assert [file for file, _ in found] == files
    return [str(what) if isinstance(what, MnistError) else what.text for _, what in found]


def test_processes_read_what_one_process_reads(pictures: list[str]) -> None:
    found = answers(pictures, 1)
    assert found[1] == "1"
    assert "text file" in found[10]
    assert answers(pictures, 2) == found


def test_killed_process_loses_nothing(pictures: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    expected = answers(pictures, 1)
    monkeypatch.setattr(many, "_read_all", read_but_end_at_a_seven_once)
    assert answers(pictures, 2) == expected


def test_file_that_ends_its_process_every_time_is_given_up(
    pictures: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = answers(pictures, 1)
    monkeypatch.setattr(many, "_read_all", read_but_end_at_a_seven)
    found = answers(pictures, 2)
    for place in (7, 17):
        assert found[place].startswith("The process that read this file was ended")
        assert found[place].endswith(f"Received: {pictures[place]}")
        found[place] = expected[place]
    assert found == expected


def read_but_end_at_a_seven(files: list[str]) -> list[many.Outcome]:
    if any(file.endswith("7.png") for file in files):
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()
    return _READ_ALL(files)


def read_but_end_at_a_seven_once(files: list[str]) -> list[many.Outcome]:
    mark = Path(files[0]).with_name("ended")
    if not mark.exists():
        mark.touch()
        read_but_end_at_a_seven(files)
    return _READ_ALL(files)


_READ_ALL = many._read_all


def test_find_files_walks_folders_but_not_hidden_ones_nor_links(tmp_path: Path) -> None:
    for name in ("b.png", "a/c.png", "a/.hidden/d.png", ".e.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "a" / "back").symlink_to(tmp_path)
    found = find_files(["x.png", str(tmp_path)])
    assert found == ["x.png", str(tmp_path / "a/c.png"), str(tmp_path / "b.png")]
    (tmp_path / "empty").mkdir()
    with pytest.raises(MnistError, match="no file in this folder"):
        find_files([str(tmp_path / "empty")])


def test_missing_model_is_said_before_a_process_starts(pictures: list[str]) -> None:
    with pytest.raises(MnistError, match="nowhere"):
        next(iter(read_files(pictures, "nowhere", processes=2)))
