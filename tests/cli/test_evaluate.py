"""The commands `evaluate`, `robustness` and `models`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.commands import ROOT

from mnist_core import list_models, load_mnist
from mnist_core.__main__ import main


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
    text = capsys.readouterr().out
    assert f"{card.test_accuracy:.2%}" in text
    assert f"{result['corrected_labels']['accuracy']:.2%} of 9,995 with corrected labels" in text


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


def test_evaluate_ends_quietly_when_its_output_is_closed() -> None:
    command = f"{sys.executable} -m mnist_core evaluate mlp | head -n 1"
    result = subprocess.run(
        command, shell=True, capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert "98.11%" in result.stdout
    assert result.stderr == ""


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
