"""The commands `train` and `runs`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.cards import make_card
from support.commands import run_command

from mnist_core import TrainingConfig
from mnist_core.__main__ import main
from mnist_core.cli.train import config_from
from mnist_core.networks.architectures import ARCHITECTURES, get_architecture
from mnist_core.networks.blocks.block import BLOCKS
from mnist_core.networks.blocks.plan import OUTPUT
from mnist_core.runs.run import Outcome
from mnist_core.runs.store import new_run


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
    own = new_run(TrainingConfig(architecture=BLOCKS, blocks=(OUTPUT,), name="own"))
    own.finish(Outcome(state="cancelled"))
    assert main(["runs"]) == 0
    lines = sorted(capsys.readouterr().out.splitlines(), key=lambda line: line.split("\t")[1])
    assert lines == [
        f"{own.id}\tcancelled\town network, 1 block",
        f"{done.id}\tdone\tmlp\t98.00% test accuracy",
        f"{failed.id}\tfailed\tmlp\tfor a reason",
    ]
    assert main(["runs", "--json"]) == 0
    values = {run["id"]: run for run in json.loads(capsys.readouterr().out)}
    assert values[done.id]["test_accuracy"] == 0.98
    assert values[failed.id]["configuration"]["name"] == "two"


def test_quick_replaces_the_defaults_but_no_given_option() -> None:
    config = config_from({"architecture": "cnn", "quick": True, "seed": 3})
    assert config == TrainingConfig(seed=3, **get_architecture("cnn").quick)
    assert config_from({"quick": True, "epochs": 2}).epochs == 2
    assert config_from({"architecture": "mlp"}) == TrainingConfig(architecture="mlp")
    for name, architecture in ARCHITECTURES.items():
        assert TrainingConfig(architecture=name, **architecture.quick).resolved()


@pytest.mark.slow
def test_train_saves_a_model_that_reads(tmp_path: Path, picture: Path) -> None:
    models = {"MNIST_MODELS": str(tmp_path / "models")}
    result = run_command(
        "train", "--architecture", "mlp", "--name", "quick", "--epochs", "1", **models
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""  # TensorFlow's messages are hidden
    lines = result.stdout.splitlines()
    assert sum(line.startswith("epoch ") for line in lines) == 1
    assert lines[-1].startswith("quick: 9")
    answer = run_command("read", picture, "--model", "quick", **models)
    assert answer.stdout.split("\t")[1] == "407"
    assert answer.stderr == ""
