"""Settings of a training."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_core import TrainingConfig, TrainingError
from mnist_core.networks.architectures import ARCHITECTURES, get_architecture
from mnist_core.training.config import OPTIMIZERS, SCHEDULES, STRATEGIES


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_what_is_not_set_is_what_suits_the_architecture(name: str) -> None:
    config, architecture = TrainingConfig(architecture=name), get_architecture(name)
    assert config.name == name
    fields = ("epochs", "batch_size", "learning_rate", "target_accuracy")
    for field in (*fields, "schedule", "optimizer", "augmentation"):
        assert getattr(config, field) == getattr(architecture, field)


def test_the_quick_model_stops_at_99_percent_or_ten_epochs() -> None:
    config = TrainingConfig(architecture="mlp")
    assert (config.target_accuracy, config.epochs) == (0.99, 10)


@pytest.mark.parametrize("quick", [True, False])
def test_16_bits_are_taken_where_network_and_processor_gain_from_them(
    monkeypatch: pytest.MonkeyPatch, *, quick: bool
) -> None:
    monkeypatch.setattr("mnist_core.training.config.multiplies_bfloat16", lambda: quick)
    assert TrainingConfig(architecture="mlp").mixed_precision is False
    assert TrainingConfig(architecture="cnn").mixed_precision is quick
    assert TrainingConfig(architecture="cnn", initial_model="mine").mixed_precision is False
    for said in (True, False):
        assert TrainingConfig(architecture="cnn", mixed_precision=said).mixed_precision is said


IMPOSSIBLE: dict[str, list[object]] = {
    "architecture": ["", "resnet", "../cnn", None, 7, []],
    "name": ["", "../x", "A", "x" * 41, 7, True, b"x"],
    "epochs": [0, -1, 1001, 2.5, "3", True],
    "batch_size": [0, -5, 10_001, 32.0, "128", True],
    "learning_rate": [0, -0.1, 1.1, float("nan"), float("inf"), "fast", True],
    "target_accuracy": [-0.1, 1.01, float("nan"), "high", True],
    "validation_fraction": [0, 0.6, -1, float("nan"), None, True],
    "seed": [-1, 2**32, 1.5, None, "1", True],
    "schedule": ["", "linear", "Cosine", 1, True, []],
    "optimizer": ["", "Adam", "rmsprop", 1, True],
    "dropout": [-0.1, 0.91, 1, float("nan"), "half", True],
    "augmentation": [-0.1, 1.01, float("nan"), "much", True],
    "patience": [0, -1, 1001, 2.5, "3", True],
    "mixed_precision": [1, "yes"],
    "include_corrections": [None, 0, "no"],
    "overwrite": [None, 1, "yes"],
    "strategy": ["", "Mirrored", "tpu", None, 2, True],
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field in IMPOSSIBLE for value in IMPOSSIBLE[field]]
)
def test_impossible_settings_are_explained(field: str, value: object) -> None:
    with pytest.raises(TrainingError, match="Received") as error:
        TrainingConfig(**{field: value})  # type: ignore[arg-type]
    assert field in str(error.value)
    assert repr(value) in str(error.value)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("epochs", [1, 1000]),
        ("batch_size", [1, 10_000]),
        ("learning_rate", [1e-6, 1]),
        ("target_accuracy", [0, 0.5, 1.0]),
        ("validation_fraction", [0.01, 0.5]),
        ("seed", [0, 2**32 - 1]),
        ("schedule", list(SCHEDULES)),
        ("optimizer", list(OPTIMIZERS)),
        ("dropout", [0, 0.9]),
        ("augmentation", [0, 1]),
        ("patience", [1, 1000]),
    ],
)
def test_settings_reach_to_the_ends_of_their_ranges(field: str, values: list[float]) -> None:
    for value in values:
        assert getattr(TrainingConfig(**{field: value}), field) == value  # type: ignore[arg-type]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_corrections_are_learnt_on_one_device(strategy: str) -> None:
    assert TrainingConfig(strategy=strategy).strategy == strategy
    if strategy == "default":
        assert TrainingConfig(strategy=strategy, include_corrections=True).include_corrections
        return
    with pytest.raises(TrainingError, match="Corrections are learnt on one device"):
        TrainingConfig(strategy=strategy, include_corrections=True)


@pytest.mark.parametrize("name", ["", "../x", "A", 7])
def test_an_initial_model_has_a_models_name(name: object) -> None:
    with pytest.raises(TrainingError, match="name") as error:
        TrainingConfig(initial_model=name)  # type: ignore[arg-type]
    assert repr(name) in str(error.value)


SOME = st.fixed_dictionaries(
    {},
    optional={
        "architecture": st.sampled_from(list(ARCHITECTURES)),
        "name": st.from_regex(r"[a-z0-9][a-z0-9._-]{0,39}", fullmatch=True),
        "epochs": st.integers(1, 1000),
        "learning_rate": st.floats(1e-9, 1),
        "schedule": st.sampled_from(list(SCHEDULES)),
        "dropout": st.none() | st.floats(0, 0.9),
        "patience": st.none() | st.integers(1, 1000),
        "seed": st.integers(0, 2**32 - 1),
        "mixed_precision": st.booleans(),
    },
)


@given(SOME)
def test_settings_come_back_from_json_as_they_were(values: dict[str, object]) -> None:
    config = TrainingConfig(**values)  # type: ignore[arg-type]
    assert TrainingConfig.from_json(json.loads(json.dumps(dataclasses.asdict(config)))) == config


@pytest.mark.parametrize(
    "values", [None, [], "cnn", 3, {"color": "red"}, {"epochs": 0}, {"name": "../x"}, {1: 2}]
)
def test_what_is_no_table_of_settings_is_explained(values: object) -> None:
    with pytest.raises(TrainingError, match="Received"):
        TrainingConfig.from_json(values)


def test_settings_of_older_versions_are_read() -> None:
    old = dataclasses.asdict(TrainingConfig(architecture="mlp", optimizer="sgd"))
    old["optimiser"] = old.pop("optimizer")
    assert TrainingConfig.from_json(old) == TrainingConfig(architecture="mlp", optimizer="sgd")
