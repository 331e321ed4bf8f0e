"""The configuration of a search, and its command."""

from __future__ import annotations

from typing import Any

import pytest

from mnist_core import TrainingConfig, TrainingError
from mnist_core.__main__ import main
from mnist_core.tuning.config import SEARCHABLE, TuningConfig

BASE = TrainingConfig(architecture="mlp", name="best", seed=5).resolved()


def test_trial_has_the_common_and_its_own_settings() -> None:
    config = TuningConfig(base=BASE, trials=100)
    trial = config.trial(7, {"learning_rate": 0.01, "dropout": 0.2})
    assert trial.name == "best-7"
    assert (trial.learning_rate, trial.dropout, trial.batch_size) == (0.01, 0.2, 128)
    assert trial.seed == 5


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"search": ()}, "one or more of these settings"),
        ({"search": ("seed",)}, "one or more of these settings"),
        ({"search": ("dropout", "dropout")}, "each once"),
        ({"trials": 0}, "from 1 to 1000"),
        ({"trials": 1001}, "from 1 to 1000"),
        ({"trials": 2.0}, "from 1 to 1000"),
        ({"trials": True}, "from 1 to 1000"),
        ({"algorithm": "grid"}, "bayesian, random"),
        ({"base": TrainingConfig(strategy="mirrored").resolved()}, "Leave out the strategy"),
        (
            {"base": TrainingConfig(name="x" * 39).resolved()},
            "name",
        ),  # the names of the trials are longer
    ],
)
def test_tuning_config_refuses_invalid_values(settings: dict[str, Any], why: str) -> None:
    with pytest.raises(TrainingError, match=why) as error:
        TuningConfig(**{"base": BASE} | settings)
    assert "Received" in str(error.value)


def test_searchable_names_are_settings() -> None:
    config = TuningConfig(base=BASE, search=tuple(SEARCHABLE))
    for name in config.search:
        assert hasattr(config.base, name)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--trials", "0"], "from 1 to 1000"),
        (["--search", "dropout", "--dropout", "0.2"], "--dropout 0.2"),
        (["--learning-rate", "1", "--batch-size", "1", "--dropout", "0"], "none"),
        (["--strategy", "mirrored"], "Leave out the strategy"),
        (["--epochs", "0"], "epochs"),
        (["--name", "mlp"], "already exists"),
        (["--name", "../x"], "name"),
    ],
)
def test_tune_prints_one_line_on_bad_options(
    capsys: pytest.CaptureFixture[str], arguments: list[str], why: str
) -> None:
    assert main(["tune", "--architecture", "mlp", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("mnist_core: ")
    assert why in line
    assert "Received" in line


def test_tune_does_not_search_given_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    configs: list[TuningConfig] = []
    monkeypatch.setattr(
        "mnist_core.tuning.search.tune",
        lambda config, on_event, database: configs.append(config),
    )
    # pytest needs its own.
    monkeypatch.setattr("mnist_core.cli.tune.install_signal_handlers", lambda: None)
    command = ["tune", "--architecture", "mlp", "--name", "best", "--json"]
    assert main([*command, "--batch-size", "64", "--trials", "3", "--algorithm", "random"]) == 0
    assert main([*command, "--search", "optimizer", "augmentation"]) == 0
    first, second = configs
    assert first.search == ("learning_rate", "dropout")
    assert (first.base.batch_size, first.trials, first.algorithm) == (64, 3, "random")
    assert second.search == ("optimizer", "augmentation")
    assert (second.trials, second.algorithm) == (20, "bayesian")
