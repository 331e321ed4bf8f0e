"""The command line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.cards import make_card
from support.own_strokes import OWN_STROKES, SCRIBBLE
from support.strokes import Stroke, draw_strokes, place_strokes

from mnist_core import TrainingConfig, list_models, load_mnist
from mnist_core.__main__ import main
from mnist_core.runs.run import Outcome
from mnist_core.runs.store import new_run

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mnist_core", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | environment,
        check=False,
    )


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Dark ink on white: 407."""
    return write_picture(tmp_path / "407.png", *(OWN_STROKES[digit] for digit in (4, 0, 7)))


def write_picture(path: Path, *drawings: Sequence[Stroke]) -> Path:
    image = draw_strokes([], width=50 + 170 * len(drawings))
    for position, strokes in enumerate(drawings):
        center = (110 + 170 * position, 140)
        draw_strokes(place_strokes(strokes, side=150, center=center), image=image)
    cv2.imwrite(str(path), 255 - image)
    return path


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
        (
            [SCRIBBLE, OWN_STROKES[1], SCRIBBLE],
            r"\?1\?",
            f"not a digit: place 1 {GUESS}; place 3 {GUESS}",
        ),
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
    path = write_picture(tmp_path / "picture.png", *drawings)
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
    path = write_picture(tmp_path / "picture.png", OWN_STROKES[4], SCRIBBLE)
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


def test_models_lists_all_models(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("\t")[0] for line in lines] == [card.name for card in list_models()]
    assert f"{list_models()[0].test_accuracy:.2%}" in lines[0]
    assert main(["models", "--json"]) == 0
    assert [card["name"] for card in json.loads(capsys.readouterr().out)] == [
        "champion", "cnn", "mlp",
    ]  # fmt: skip


def test_evaluate_prints_the_test_accuracy(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "mlp", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    (card,) = (card for card in list_models() if card.name == "mlp")
    assert result["accuracy"] == card.test_accuracy
    assert sum(map(sum, result["confusion"])) == 10_000
    assert main(["evaluate", "mlp"]) == 0
    assert f"{card.test_accuracy:.2%}" in capsys.readouterr().out


def test_evaluate_writes_report_and_predictions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnist_core.report.SAMPLE", 5)
    monkeypatch.setenv("MNIST_CACHE", str(tmp_path / "cache"))
    data, page, answers = (tmp_path / name for name in ("mine.npz", "out.html", "out.csv"))
    test = load_mnist()
    np.savez(data, images=test.x_test[:40], labels=test.y_test[:40])
    arguments = ["evaluate", "mlp", "--data", str(data), "--report", str(page)]
    assert main([*arguments, "--csv", str(answers)]) == 0
    assert "on 40 images of mine.npz" in capsys.readouterr().out
    text = page.read_text()
    assert "Evaluation of mlp" in text
    for title in ("Confusion matrix", "Embedding, 3-D", "Robustness to", "Training curves"):
        assert f"<h3>{title}" in text
    assert len(answers.read_text().splitlines()) == 41


@pytest.mark.parametrize(
    "arguments",
    [
        ["evaluate", "mlp", "--data", "README.md"],
        ["evaluate", "mlp", "--data", "nothing.zip"],
        ["evaluate", "mlp", "--csv", "nowhere/out.csv"],
        ["read", "nothing.png"],
        ["read", "two\nlines.png"],
        ["read", "README.md"],
        ["read", "tests"],
        ["read", "docs/draw.png", "--model", "resnet"],
        ["evaluate", "../cnn"],
        ["train", "--architecture", "mlp"],
        ["train", "--name", "../x"],
        ["train", "--initial-model", "resnet", "--include-corrections"],
        ["train", "--initial-model", "../cnn", "--include-corrections"],
        ["train", "--initial-model", "mlp", "--include-corrections"],  # and there are none
        ["train", "--include-corrections", "--name", "x"],
        ["train", "--initial-model", "mlp", "--architecture", "cnn", "--include-corrections"],
        ["train", "--name", "x", "--epochs", "0"],
        ["train", "--name", "x", "--learning-rate", "nan"],
        ["train", "--name", "x", "--dropout", "1"],
        ["train", "--name", "x", "--patience", "0"],
        ["train", "--name", "x", "--initial-model", "../cnn"],
        ["train", "--name", "x", "--strategy", "multiworker"],  # without $TF_CONFIG
        ["train", "--resume", "../x"],
        ["train", "--resume", "20260101-000000-none"],
        ["train", "--resume", "20260101-000000-none", "--epochs", "3", "--seed", "1"],
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("mnist_core: ")
    assert "Received" in line


@pytest.mark.parametrize("arguments", [[], ["write"], ["read"], ["train", "--epochs", "many"]])
def test_usage_is_printed_for_a_wrong_call(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    assert "usage: python -m mnist_core" in result.stderr


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("/usr/bin/digit-lab", "digit-lab"),
        ("/x/mnist_core/__main__.py", "python -m mnist_core"),
    ],
)
def test_usage_has_the_name_of_the_program(
    program: str, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", [program])
    with pytest.raises(SystemExit):
        main(["--help"])
    assert f"usage: {name} [-h] COMMAND" in capsys.readouterr().out


def test_read_continues_after_a_bad_file(picture: Path) -> None:
    result = run("read", picture, "nothing.png", picture)
    assert result.returncode == 2
    assert [line.split("\t")[1] for line in result.stdout.splitlines()] == ["407", "407"]
    assert len(result.stderr.splitlines()) == 1


def test_read_without_models_explains_how_to_train_one(tmp_path: Path, picture: Path) -> None:
    result = run("read", picture, MNIST_MODELS=str(tmp_path / "none"))
    assert result.returncode == 2
    assert "mnist_core train" in result.stderr
    assert run("models", MNIST_MODELS=str(tmp_path / "none")).returncode == 0


def test_evaluate_ends_quietly_when_its_output_is_closed() -> None:
    command = f"{sys.executable} -m mnist_core evaluate mlp | head -n 1"
    result = subprocess.run(
        command, shell=True, capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert "98.11%" in result.stdout
    assert result.stderr == ""


def test_runs_lists_all_runs(
    runs: Path, own_models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["runs"]) == 0
    assert str(runs) in capsys.readouterr().err
    done, failed = (
        new_run(TrainingConfig(architecture="mlp", name=name)) for name in ("one", "two")
    )
    done.finish(Outcome(state="done", card=make_card("one")))
    failed.finish(Outcome(state="failed", text="for a\nreason"))
    assert main(["runs"]) == 0
    lines = sorted(capsys.readouterr().out.splitlines(), key=lambda line: line.split("\t")[1])
    assert lines == [
        f"{done.id}\tdone\tmlp\t98.00% test accuracy",
        f"{failed.id}\tfailed\tmlp\tfor a reason",
    ]
    assert main(["runs", "--json"]) == 0
    values = {run["id"]: run for run in json.loads(capsys.readouterr().out)}
    assert values[done.id]["test_accuracy"] == 0.98
    assert values[failed.id]["configuration"]["name"] == "two"


@pytest.mark.slow
def test_train_saves_a_model_that_reads(tmp_path: Path, picture: Path) -> None:
    models = {"MNIST_MODELS": str(tmp_path / "models")}
    result = run("train", "--architecture", "mlp", "--name", "quick", "--epochs", "1", **models)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""  # TensorFlow's messages are hidden
    lines = result.stdout.splitlines()
    assert sum(line.startswith("epoch ") for line in lines) == 1
    assert lines[-1].startswith("quick: 9")
    answer = run("read", picture, "--model", "quick", **models)
    assert answer.stdout.split("\t")[1] == "407"
    assert answer.stderr == ""


def test_robustness_prints_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MNIST_CACHE", str(tmp_path))
    assert main(["robustness", "mlp", "--sample", "20"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.match(r"mlp: \d+\.\d\d% accuracy on 20 clean test images", lines[0])
    fog = next(line for line in lines if line.startswith("fog"))
    assert len(re.findall(r"\d+\.\d\d%", fog)) == 5
    assert sum("MNIST-C's own severities" in line for line in lines) == 1
    # Again from the cache, as JSON.
    assert main(["robustness", "mlp", "--sample", "20", "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["images"] == 20
    assert [f"{share:.2%}" for share in values["accuracy"]["fog"]] == fog.split()[1:]
    assert main(["robustness", "mlp", "--sample", "0"]) == 2
    assert "from 1 to 10000" in capsys.readouterr().err
