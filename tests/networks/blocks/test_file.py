"""Networks as JSON files: written, read, and refused with the reason whatever they hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.block_networks import EXAMPLES, random_blocks

from mnist_core import TrainingError
from mnist_core.networks.blocks.file import (
    parse_blocks,
    read_blocks,
    read_blocks_file,
    write_blocks,
)
from mnist_core.networks.blocks.kinds import KINDS
from mnist_core.networks.blocks.plan import plan_blocks


@pytest.mark.parametrize("blocks", EXAMPLES)
def test_file_is_read_as_it_was_written(blocks: Any, tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    path.write_text(write_blocks(blocks), encoding="utf-8")
    assert read_blocks_file(path) == blocks
    assert len(json.loads(path.read_bytes())["blocks"]) == len(blocks)


def test_settings_have_defaults() -> None:
    content = (
        b'{"blocks": [{"kind": "pooling"}, {"kind": "dense", "units": 10, "activation": "none"}]}'
    )
    assert read_blocks(content)[0] == KINDS["pooling"]()


LAST = {"kind": "dense", "units": 10, "activation": "none"}
NONSENSE: list[tuple[Any, str]] = [
    (b"", "not JSON"),
    (b"\xff\xfe\x00", "not JSON"),
    (b"[" * 9000, "not JSON"),
    (b'{"blocks": [' + b"9" * 5000 + b"]}", "not JSON"),
    (b" " * 20_001, "20,000 bytes at most"),
    ([], "a table with the list 'blocks'"),
    ({}, "a table with the list 'blocks'"),
    ({"blocks": [LAST], "layers": []}, "a table with the list 'blocks'"),
    ({"configuration": {"architecture": "cnn"}}, "The blocks of a network are a list"),
    ({"blocks": None}, "The blocks of a network are a list"),
    ({"blocks": "dense"}, "The blocks of a network are a list"),
    ({"blocks": {"kind": "dense"}}, "The blocks of a network are a list"),
    ({"blocks": []}, "1 to 12 blocks"),
    ({"blocks": [LAST] * 13}, "1 to 12 blocks"),
    ({"blocks": [7]}, "Block 1 must be a table with a 'kind'"),
    ({"blocks": [{"kind": "lambda"}, LAST]}, "Block 1 must be a table with a 'kind'"),
    ({"blocks": [{"kind": ["dense"]}, LAST]}, "Block 1 must be a table with a 'kind'"),
    ({"blocks": [LAST | {"use_bias": False}]}, "Block 1 (dense) has the settings activation, un"),
    ({"blocks": [{"kind": "normalization", "rate": 1}, LAST]}, "has the settings none"),
    ({"blocks": [{"kind": "dense", "units": [64]}, LAST]}, "must be a number or a word"),
    ({"blocks": [{"kind": "dense", "units": "x" * 9000}, LAST]}, "must be a number or a word"),
    ({"blocks": [{"kind": "dense", "units": 64.0}, LAST]}, "a whole number from 1 to 4096"),
    ({"blocks": [{"kind": "dense", "units": True}, LAST]}, "a whole number from 1 to 4096"),
    ({"blocks": [{"kind": "dropout", "rate": float("nan")}, LAST]}, "a number from 0 to 0.9"),
    ({"blocks": [{"kind": "convolution", "window": 0}, LAST]}, "a whole number from 1 to 28"),
    ({"blocks": [{"kind": "convolution", "activation": "softmax"}, LAST]}, "must be one of: relu"),
    ({"blocks": [LAST, {"kind": "convolution"}]}, "The last block is the output"),
]


@pytest.mark.parametrize(("content", "reason"), NONSENSE)
def test_nonsense_is_refused_with_the_reason(content: Any, reason: str) -> None:
    with pytest.raises(TrainingError) as caught:
        read_blocks(content if isinstance(content, bytes) else json.dumps(content).encode())
    assert reason in str(caught.value)
    assert "Received: " in str(caught.value)
    assert len(str(caught.value)) < 500


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda values: st.lists(values) | st.dictionaries(st.text(), values),
    max_leaves=8,
)
BLOCK = st.fixed_dictionaries(
    {"kind": st.sampled_from(list(KINDS)) | JSON},
    optional=dict.fromkeys(
        ("filters", "window", "units", "rate", "activation"),
        st.integers(-1, 600) | st.floats(-1, 2) | st.sampled_from(["relu", "none"]) | JSON,
    ),
)


@settings(max_examples=60)
@given(JSON | st.fixed_dictionaries({"blocks": st.lists(BLOCK | st.just(LAST)) | JSON}))
def test_any_json_is_a_network_or_an_error_of_one_kind(values: Any) -> None:
    try:
        blocks = read_blocks(json.dumps(values).encode())
    except TrainingError as error:
        assert "Received: " in str(error)
    else:
        assert plan_blocks(blocks).problem == ""


@given(st.binary(max_size=200))
def test_any_bytes_are_a_network_or_an_error_of_one_kind(content: bytes) -> None:
    with pytest.raises(TrainingError):
        read_blocks(content)


@given(st.integers(0, 2**32))
def test_blocks_of_any_network_are_parsed(seed: int) -> None:
    blocks = random_blocks(seed)
    assert parse_blocks(json.loads(write_blocks(blocks))["blocks"]) == blocks
    assert parse_blocks(blocks) == blocks


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_file_that_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="cannot be read") as caught:
        read_blocks_file(tmp_path / name)
    assert str(tmp_path) in str(caught.value)
