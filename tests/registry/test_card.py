"""Model cards and names."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import MISSING
from pathlib import Path

import pytest
from support.cards import make_card, save_model

from mnist_core import ModelCard, ModelLoadError, ModelNotFoundError, TrainingError, list_models
from mnist_core.registry.card import CARD, check_name
from mnist_core.registry.store import damaged_models, load_card


@pytest.mark.parametrize("name", ["a", "7", "my-cnn", "my_cnn.v2", "x" * 40, "console", "a.con"])
def test_check_name_returns_a_valid_name(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "a\\b",
        "/etc",
        ".hidden",
        "-x",
        "A",
        "é",
        "a b",
        "x" * 41,
        "a\n",
        "con",
        "nul.v2",
        "com1.x",
        "lpt9",
        "x.",
    ],
)
def test_check_name_refuses_paths_and_odd_characters(name: str, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="Received"):
        check_name(name)
    with pytest.raises(ModelNotFoundError):
        load_card(name, tmp_path)


@pytest.mark.parametrize("name", [None, 7, b"mine", ["mine"]])
def test_check_name_refuses_other_types(name: object) -> None:
    with pytest.raises(TrainingError, match="Received"):
        check_name(name)  # type: ignore[arg-type]


def assert_refused(directory: Path, card: bytes) -> None:
    """A model with that card raises an error, and the list shows only the others."""
    save_model(directory, "good")
    save_model(directory, "bad")
    (directory / "bad" / CARD).write_bytes(card)
    with pytest.raises(ModelLoadError, match="bad"):
        load_card("bad", directory)
    assert [card.name for card in list_models(directory)] == ["good"]
    assert ["'bad'" in str(error) for error in damaged_models(directory)] == [True]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"{}", b"\xff", b"\x00" * 100, b"[" * 10**5]
)
def test_load_card_explains_what_is_not_a_card(tmp_path: Path, content: bytes) -> None:
    assert_refused(tmp_path, content)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "other"),
        ("name", None),
        ("parameters", "many"),
        ("test_accuracy", 1.5),
        ("test_accuracy", "good"),
        ("test_accuracy", float("nan")),
        ("test_interval", [0.5]),
        ("test_interval", None),
        ("test_interval", [0, 10**400]),
        ("test_accuracy", 10**400),
        ("seed", -(10**400)),
        ("temperature", 0),
        ("temperature", -1),
        ("temperature", float("inf")),
        ("temperature", None),
        ("digit_threshold", 7),
        ("digit_threshold", "high"),
        ("ordinary_threshold", -0.1),
        ("sha256", None),
        ("sha256", "abc"),
        ("extra", 1),
    ],
)
def test_load_card_explains_an_impossible_value(tmp_path: Path, field: str, value: object) -> None:
    card = dataclasses.asdict(make_card("bad")) | {field: value}
    assert_refused(tmp_path, json.dumps(card).encode())


@pytest.mark.parametrize(
    "field",
    [
        f.name
        for f in dataclasses.fields(ModelCard)
        if f.default is MISSING and f.default_factory is MISSING
    ],
)
def test_load_card_explains_a_missing_field(tmp_path: Path, field: str) -> None:
    card = dataclasses.asdict(make_card("bad"))
    del card[field]
    assert_refused(tmp_path, json.dumps(card).encode())
