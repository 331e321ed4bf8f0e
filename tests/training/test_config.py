"""The settings of a training: ranges, defaults and JSON."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_core import TrainingConfig, TrainingError
from mnist_core.networks.architectures import ARCHITECTURES, get_architecture
from mnist_core.networks.blocks.block import BLOCKS
from mnist_core.networks.blocks.kinds import Convolution, Dropout, Pooling
from mnist_core.networks.blocks.plan import OUTPUT
from mnist_core.registry.card import is_name
from mnist_core.registry.store import load_card
from mnist_core.training.config import (
    OPTIMIZERS,
    SCHEDULES,
    STRATEGIES,
    Settings,
    with_current_names,
)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_resolved_takes_defaults_from_the_architecture(name: str) -> None:
    config, architecture = TrainingConfig(architecture=name), get_architecture(name)
    settings = config.resolved()
    assert settings.name == name
    fields = ("epochs", "batch_size", "learning_rate", "target_accuracy")
    for field in (*fields, "schedule", "optimizer", "augmentation"):
        assert getattr(config, field) is None
        assert getattr(settings, field) == getattr(architecture, field)


def test_resolved_defaults_of_the_mlp_stop_at_99_percent_or_ten_epochs() -> None:
    settings = TrainingConfig(architecture="mlp").resolved()
    assert (settings.target_accuracy, settings.epochs) == (0.99, 10)


def test_resolved_defaults_of_a_fine_tuning_are_short_and_gentle() -> None:
    plain = TrainingConfig(architecture="champion").resolved()
    fine = TrainingConfig(architecture="champion", initial_model="champion").resolved()
    assert (fine.name, fine.epochs) == ("champion-tuned", 1)
    assert fine.learning_rate < plain.learning_rate
    assert (
        TrainingConfig(architecture="mlp", initial_model="mlp").resolved().target_accuracy is None
    )
    given = TrainingConfig(initial_model="x" * 40, epochs=3, learning_rate=1e-5).resolved()
    assert (given.epochs, given.learning_rate) == (3, 1e-5)
    assert given.name == "x" * 34 + "-tuned"


@pytest.mark.parametrize("fast", [True, False])
def test_resolved_mixed_precision_follows_network_and_processor(
    monkeypatch: pytest.MonkeyPatch, *, fast: bool
) -> None:
    monkeypatch.setattr("mnist_core.training.config.multiplies_bfloat16", lambda: fast)

    def mixed_precision(**settings: Any) -> bool:
        return TrainingConfig(**settings).resolved().mixed_precision

    assert mixed_precision(architecture="mlp") is False
    assert mixed_precision(architecture="cnn") is fast
    assert mixed_precision(architecture="cnn", initial_model="mine") is False
    for chosen in (True, False):
        assert mixed_precision(architecture="cnn", mixed_precision=chosen) is chosen


def test_resolved_quantize_follows_the_network() -> None:
    resolved = {
        name: TrainingConfig(architecture=name).resolved().quantize for name in ARCHITECTURES
    }
    assert resolved == {"mlp": False, "cnn": False, "champion": True}
    assert TrainingConfig(architecture="champion", initial_model="mine").resolved().quantize
    assert TrainingConfig(architecture="mlp", quantize=True).resolved().quantize
    assert not TrainingConfig(architecture="champion", quantize=False).resolved().quantize


def test_settings_need_every_value_that_cannot_mean_none() -> None:
    values = dataclasses.asdict(TrainingConfig().resolved())
    optional = {"dropout", "target_accuracy", "patience", "initial_model", "training_images"}
    for field in optional:
        assert getattr(Settings(**values | {field: None}), field) is None
    for field in values.keys() - optional - {"blocks"}:
        with pytest.raises(TrainingError, match="Received: None"):
            Settings(**values | {field: None})
        if getattr(TrainingConfig(), field) is None:
            with pytest.raises(TypeError, match=field):
                Settings(**{key: value for key, value in values.items() if key != field})


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
    "augmentation": [-0.1, 1.01, float("nan"), "high", True],
    "patience": [0, -1, 1001, 2.5, "3", True],
    "mixed_precision": [1, "yes"],
    "quantize": [1, "yes"],
    "initial_model": ["", "../x", "A", 7, True],
    "include_corrections": [None, 0, 1, "no"],
    "overwrite": [None, 1, "yes"],
    "strategy": ["", "Mirrored", "tpu", None, 2, True],
    "training_images": [0, 9, 60_001, 50.0, "500", True],
    "blocks": [7, "blocks"],
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field in IMPOSSIBLE for value in IMPOSSIBLE[field]]
)
def test_config_explains_a_wrong_value(field: str, value: object) -> None:
    with pytest.raises(TrainingError, match="Received") as error:
        TrainingConfig(**{field: value})  # type: ignore[arg-type]
    # Both names follow the rule for a model's name.
    assert field.replace("initial_model", "name") in str(error.value)
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
        ("training_images", [10, 60_000]),
    ],
)
def test_config_accepts_the_ends_of_each_range(field: str, values: list[float]) -> None:
    for value in values:
        assert getattr(TrainingConfig(**{field: value}), field) == value  # type: ignore[arg-type]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_config_allows_corrections_on_one_device_only(strategy: str) -> None:
    assert TrainingConfig(strategy=strategy).strategy == strategy
    if strategy == "default":
        assert TrainingConfig(strategy=strategy, include_corrections=True).include_corrections
        return
    with pytest.raises(TrainingError, match="only be learned on one device"):
        TrainingConfig(strategy=strategy, include_corrections=True)


NETWORK = (Convolution(filters=4), Pooling(), Dropout(rate=0.2), OUTPUT)


def test_config_has_a_list_of_blocks_and_their_architecture_together() -> None:
    config = TrainingConfig(architecture=BLOCKS, blocks=NETWORK)
    stored = json.loads(json.dumps(dataclasses.asdict(config)))
    assert stored["blocks"][0] == {
        "kind": "convolution", "filters": 4, "window": 3, "activation": "relu"
    }  # fmt: skip
    assert TrainingConfig.from_json(stored) == config
    settings = config.resolved()
    assert (settings.name, settings.blocks) == (BLOCKS, NETWORK)
    assert TrainingConfig.from_json(dataclasses.asdict(settings)).resolved() == settings
    assert settings.network.summary.startswith("Own network: convolution 4 filters of 3×3, relu;")
    for values in ({"architecture": BLOCKS}, {"architecture": "cnn", "blocks": NETWORK}):
        with pytest.raises(TrainingError, match="Give both, or none"):
            TrainingConfig(**values)  # type: ignore[arg-type]
    with pytest.raises(TrainingError, match="larger than the 26×26 px that are left"):
        TrainingConfig(architecture=BLOCKS, blocks=(NETWORK[0], Pooling(window=28), OUTPUT))


SOME = st.fixed_dictionaries(
    {},
    optional={
        "architecture": st.sampled_from(list(ARCHITECTURES)),
        "name": st.from_regex(r"[a-z0-9][a-z0-9._-]{0,39}", fullmatch=True).filter(is_name),
        "epochs": st.integers(1, 1000),
        "learning_rate": st.floats(1e-9, 1),
        "schedule": st.sampled_from(list(SCHEDULES)),
        "dropout": st.none() | st.floats(0, 0.9),
        "patience": st.none() | st.integers(1, 1000),
        "target_accuracy": st.none() | st.floats(0, 1),
        "initial_model": st.none() | st.just("mine"),
        "seed": st.integers(0, 2**32 - 1),
        "mixed_precision": st.booleans(),
        "quantize": st.booleans(),
        "training_images": st.none() | st.integers(10, 60_000),
    },
)


@given(SOME)
def test_from_json_restores_config_and_settings(values: dict[str, Any]) -> None:
    config = TrainingConfig(**values)
    assert TrainingConfig.from_json(json.loads(json.dumps(dataclasses.asdict(config)))) == config
    settings = config.resolved()
    stored = json.loads(json.dumps(dataclasses.asdict(settings)))
    assert TrainingConfig.from_json(stored).resolved() == settings.resolved() == settings


def test_settings_have_the_fields_and_order_of_files_on_disk() -> None:
    settings = TrainingConfig(architecture="mlp", epochs=3, mixed_precision=False).resolved()
    assert json.dumps(dataclasses.asdict(settings)) == (
        '{"architecture": "mlp", "name": "mlp", "epochs": 3, "batch_size": 128, '
        '"learning_rate": 0.001, "schedule": "constant", "optimizer": "adam", "dropout": null, '
        '"augmentation": 0.0, "target_accuracy": 0.99, "patience": null, '
        '"validation_fraction": 0.08333333333333333, "seed": 1998, "mixed_precision": false, '
        '"quantize": false, "initial_model": null, "initial_share": 0.0, '
        '"include_corrections": false, "overwrite": false, "strategy": "default", '
        '"training_images": null, "blocks": null}'
    )


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_from_json_reads_the_cards_of_the_bundled_models(name: str) -> None:
    card = load_card(name)
    settings = TrainingConfig.from_json(card.configuration).resolved()
    assert settings.name == name
    # Older cards lack the settings that were added since.
    for field, value in with_current_names(card.configuration).items():
        assert getattr(settings, field) == value


@pytest.mark.parametrize(
    "values", [None, [], "cnn", 3, {"color": "red"}, {"epochs": 0}, {"name": "../x"}, {1: 2}]
)
def test_from_json_rejects_values_that_are_not_settings(values: object) -> None:
    with pytest.raises(TrainingError, match="Received"):
        TrainingConfig.from_json(values)


def test_from_json_reads_settings_of_older_versions() -> None:
    old = dataclasses.asdict(TrainingConfig(architecture="mlp", optimizer="sgd").resolved())
    old["optimiser"] = old.pop("optimizer")
    expected = TrainingConfig(architecture="mlp", optimizer="sgd").resolved()
    assert TrainingConfig.from_json(old).resolved() == expected
