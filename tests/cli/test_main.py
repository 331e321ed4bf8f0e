"""Usage and bad input."""

from __future__ import annotations

import pytest
from support.commands import run_command

from mnist_core.__main__ import main


@pytest.mark.parametrize(
    "arguments",
    [
        ["evaluate", "mlp", "--data", "README.md"],
        ["evaluate", "mlp", "--data", "nothing.zip"],
        ["evaluate", "mlp", "--csv", "nowhere/out.csv"],
        ["read", "nothing.png"],
        ["read", "two\nlines.png"],
        ["read", "README.md"],
        ["read", "docs/pictures/draw.webp", "--model", "resnet"],
        ["evaluate", "../cnn"],
        ["export", "resnet"],
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
        ["train", "--resume", "20260101-000000-none", "--quick"],
        ["train", "--resume", "20260101-000000-none"],
        ["train", "--resume", "20260101-000000-none", "--epochs", "3", "--seed", "1"],
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments: list[str]) -> None:
    result = run_command(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("mnist_core: ")
    assert "Received" in line


@pytest.mark.parametrize("arguments", [[], ["write"], ["read"], ["train", "--epochs", "many"]])
def test_usage_is_printed_for_a_wrong_call(arguments: list[str]) -> None:
    result = run_command(*arguments)
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
    assert f"usage: {name} [-h] [--version] COMMAND" in capsys.readouterr().out
