"""`read FOLDER --output FILE`: results that survive a kill."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.commands import write_image
from support.own_strokes import OWN_STROKES

from mnist_core.__main__ import main
from mnist_core.cli.result_file import ResultFile
from mnist_core.inference.many import Outcome


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a picture of a 4 and of a 7, and a damaged file between them."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for digit in (4, 7):
        write_image(folder / f"{digit}.png", OWN_STROKES[digit])
    (folder / "5.png").write_bytes(b"\x89PNG\r\n\x1a\n damaged")
    return folder


def read(folder: Path, output: Path) -> int:
    return main(["read", str(folder), "--model", "mlp", "--output", str(output)])


def test_folder_is_read_and_a_bad_file_is_a_line_with_its_error(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = folder / "readings.jsonl"
    assert read(folder, output) == 2
    assert capsys.readouterr().out == (
        f"3 images read, 1 of them with an error; 0 were already in {output}.\n"
    )
    lines = [json.loads(line) for line in output.read_text().splitlines()]
    assert [Path(line["file"]).name for line in lines] == ["4.png", "5.png", "7.png"]
    assert [line.get("text") for line in lines] == ["4", None, "7"]
    assert "damaged" in lines[1]["error"]
    # Nothing is read again, not even the damaged file; nor is the output taken for an image.
    before = output.read_bytes()
    assert read(folder, output) == 0
    assert "0 images read, 0 of them with an error; 3 were already" in capsys.readouterr().out
    assert output.read_bytes() == before


def test_folder_without_a_picture_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, output = tmp_path / "notes", tmp_path / "readings.jsonl"
    folder.mkdir()
    (folder / ".hidden.png").write_bytes(b"hidden files are left out")
    assert read(folder, output) == 2
    assert "There is no file in this folder" in capsys.readouterr().err
    assert not output.exists()
    # Files of other kinds are lines with the reason.
    for name in ("notes.txt", "program.py"):
        (folder / name).write_text("no picture")
    assert read(folder, output) == 2
    assert "2 images read, 2 of them with an error" in capsys.readouterr().out
    for line in output.read_text().splitlines():
        assert "This is a text file" in json.loads(line)["error"]


def test_line_of_a_killed_process_is_read_again(folder: Path) -> None:
    output = folder / "readings.jsonl"
    read(folder, output)
    whole = output.read_bytes()
    for end in (len(whole) - 1, len(whole) - 100, whole.rindex(b"\n", 0, -1) + 3):
        output.write_bytes(whole[:end])
        assert read(folder, output) == 0
        assert output.read_bytes() == whole


@pytest.mark.parametrize("content", ["a letter", "a letter\n", "[1]\n", '{"file": 3}\n', "\0\n"])
def test_other_content_is_kept(
    folder: Path, tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "letter.txt"
    output.write_text(content)
    assert read(folder, output) == 2
    assert "other content than results" in capsys.readouterr().err
    assert output.read_text() == content


def test_place_that_cannot_be_written_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read(folder, folder / "missing" / "readings.jsonl") == 2
    assert "The results cannot be written" in capsys.readouterr().err


def test_full_disk_is_said(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    add = ResultFile.add
    with Path("/dev/full").open("wb", buffering=0) as full:

        def add_to_full(file: ResultFile, name: str, outcome: Outcome) -> None:
            file._file.close()
            file._file = full
            add(file, name, outcome)

        monkeypatch.setattr(ResultFile, "add", add_to_full)
        assert read(folder, tmp_path / "readings.jsonl") == 2
    assert "No space left on device" in capsys.readouterr().err


def test_device_or_folder_is_no_place_for_results(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for place in (folder, Path("/dev/zero")):
        assert read(folder, place) == 2
        assert "not an ordinary file" in capsys.readouterr().err
