"""The command `read`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import cv2
import pytest
from support.commands import run_command, write_image
from support.own_strokes import OWN_STROKES, SCRIBBLE
from support.strokes import Stroke, draw_strokes

from mnist_core.__main__ import main


def test_read_prints_a_line_per_image(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", str(picture), str(picture), "--model", "mlp"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    file, number, confidence = lines[0].split("\t")
    assert (file, number) == (str(picture), "407")
    assert 50 < float(confidence.rstrip("%")) <= 100


def test_read_prints_a_line_for_a_blank_image(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "blank.png"
    cv2.imwrite(str(path), draw_strokes([]))
    assert main(["read", str(path)]) == 0
    assert capsys.readouterr().out.split("\t")[1] == "-"


def test_read_json_has_boxes_and_probabilities(
    picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["read", str(picture), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["file"] == str(picture)
    assert [digit["label"] for digit in answer["digits"]] == [4, 0, 7]
    for digit in answer["digits"]:
        assert sum(digit["probabilities"]) == pytest.approx(1, abs=1e-3)
        assert digit["confidence"] == max(digit["probabilities"])
        assert len(digit["box"]) == 4
        assert digit["is_digit"] is True
        assert 0.5 < digit["digit_score"] <= 1


GUESS = r"looks most like an? \d, \d+\.\d%"


@pytest.mark.parametrize(
    ("drawings", "number", "note"),
    [
        ([OWN_STROKES[4], OWN_STROKES[7]], "47", None),
        ([SCRIBBLE], r"\?", f"not a digit: {GUESS}"),
        ([OWN_STROKES[4], SCRIBBLE, OWN_STROKES[7]], r"4\?7", f"not a digit: place 2 {GUESS}"),
    ],
)
def test_read_prints_guesses_for_non_digits(
    linear_models: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    drawings: list[Sequence[Stroke]],
    number: str,
    note: str | None,
) -> None:
    monkeypatch.setenv("MNIST_MODELS", str(linear_models))
    path = write_image(tmp_path / "picture.png", *drawings)
    assert main(["read", str(path), "--model", "detecting"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    file, *columns = line.split("\t")
    assert file == str(path)
    expected = [number, r"\d+\.\d%"] + [note] * (note is not None)
    assert len(columns) == len(expected)
    for column, pattern in zip(columns, expected, strict=True):
        assert re.fullmatch(pattern, column), column
    # The lowest confidence of the digits; 0 without digits.
    assert (float(columns[1].rstrip("%")) == 0) is (drawings == [SCRIBBLE])


def test_read_json_marks_non_digits(
    linear_models: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MNIST_MODELS", str(linear_models))
    path = write_image(tmp_path / "picture.png", OWN_STROKES[4], SCRIBBLE)
    assert main(["read", str(path), "--model", "detecting", "--json"]) == 0
    four, scribble = json.loads(capsys.readouterr().out)["digits"]
    assert (four["label"], four["is_digit"]) == (4, True)
    assert scribble["is_digit"] is False
    assert scribble["digit_score"] < 0.5 < four["digit_score"]
    assert scribble["probabilities"][scribble["label"]] == max(scribble["probabilities"])


@pytest.mark.parametrize(("ink", "expected"), [("auto", "407"), ("dark", "407"), ("light", "-")])
def test_read_takes_the_color_of_the_ink(
    picture: Path, capsys: pytest.CaptureFixture[str], ink: str, expected: str
) -> None:
    assert main(["read", str(picture), "--ink", ink]) == 0
    assert capsys.readouterr().out.split("\t")[1] == expected


def test_read_continues_after_a_bad_file(picture: Path) -> None:
    result = run_command("read", picture, "nothing.png", picture)
    assert result.returncode == 2
    assert [line.split("\t")[1] for line in result.stdout.splitlines()] == ["407", "407"]
    assert len(result.stderr.splitlines()) == 1


def test_read_without_models_explains_how_to_train_one(tmp_path: Path, picture: Path) -> None:
    result = run_command("read", picture, MNIST_MODELS=str(tmp_path / "none"))
    assert result.returncode == 2
    assert "mnist_core train" in result.stderr
    assert run_command("models", MNIST_MODELS=str(tmp_path / "none")).returncode == 0


def test_read_tells_what_was_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_image(tmp_path / "picture.png", OWN_STROKES[4], OWN_STROKES[7])
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    cv2.circle(image, (195, 220), 9, 0, -1)  # a decimal point
    cv2.imwrite(str(path), image)
    assert main(["read", str(path)]) == 0
    _, number, _, note = capsys.readouterr().out.strip().split("\t")
    assert (number, note) == ("47", "One mark was left out: after the 4.")
    assert main(["read", str(path), "--json"]) == 0
    (mark,) = json.loads(capsys.readouterr().out)["left_out"]
    assert mark["reason"] == "speck"
    assert mark["box"] == pytest.approx([186, 211, 19, 19], abs=2)
