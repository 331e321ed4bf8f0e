"""Networks of blocks: planned as Keras builds them, or refused with the reason."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.block_networks import EXAMPLES, as_layers, build_examples, random_blocks
from support.processes import run_with_tensorflow

from mnist_core import TrainingError
from mnist_core.networks.blocks.block import Block
from mnist_core.networks.blocks.kinds import (
    KINDS,
    Convolution,
    Dense,
    Dropout,
    Normalization,
    Pooling,
)
from mnist_core.networks.blocks.network import architecture_of, build_network
from mnist_core.networks.blocks.plan import OUTPUT, check_blocks, plan_blocks
from mnist_core.networks.blocks.presets import PRESETS


@pytest.fixture(scope="module")
def built() -> list[dict[str, Any]]:
    """What Keras builds of each example."""
    return run_with_tensorflow(build_examples)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_plan_has_the_layers_and_counts_of_keras(built: list[dict[str, Any]], number: int) -> None:
    network, plan = built[number], plan_blocks(EXAMPLES[number])
    assert plan.problem == ""
    assert as_layers(plan.layers) == network["layers"]
    assert plan.parameters == network["parameters"]
    assert plan.outputs[-1] == (10,)
    assert network["logits"] == (2, 10)
    # The training form has the same weights, and answers the same.
    assert network["difference of the training form"] < 1e-5


def test_plan_has_the_dropout_of_the_setting(built: list[dict[str, Any]]) -> None:
    plan = plan_blocks(EXAMPLES[0], 0.125)
    assert as_layers(plan.layers) == built[0]["layers with dropout"]
    assert [layer.detail for layer in plan.layers if layer.kind == "Dropout"] == [
        "12% of the units"
    ]


def test_counts_of_a_network_by_hand() -> None:
    plan = plan_blocks((Convolution(filters=4, window=5), Pooling(), Dense(units=3), OUTPUT))
    assert plan.outputs == ((24, 24, 4), (12, 12, 4), (3,), (10,))
    assert plan.parameters == 4 * (25 + 1) + 3 * (12 * 12 * 4 + 1) + 10 * (3 + 1)
    assert plan.multiplications == 24 * 24 * 4 * 25 + 3 * 12 * 12 * 4 + 10 * 3


IMPOSSIBLE: list[tuple[list[Block], str]] = [
    ([Pooling(window=28), Convolution(window=2), OUTPUT],
     "Block 2 (convolution): Its window is larger than the 1×1 px that are left"),
    ([Convolution(window=28), Pooling(), OUTPUT],
     "Block 2 (pooling): Its window is larger than the 1×1 px that are left"),
    ([*[Pooling()] * 5, OUTPUT], "Block 5 (pooling): Its window is larger than the 1×1 px"),
    ([Dense(), Convolution(), OUTPUT], "Block 2 (convolution): It needs an image"),
    ([Dense(), Dropout(), Pooling(), OUTPUT], "Block 3 (pooling): It needs an image"),
    ([Convolution(filters=512, window=1), Dense(units=256), OUTPUT],
     "Block 2 (dense): With it, the network has 102,761,728 weights; 5,000,000 are possible"),
    ([Convolution(filters=64), Convolution(filters=512, window=7), OUTPUT],
     "Block 2 (convolution): With it, the network has 642,642,176 multiplications"),
    ([Convolution(filters=512, window=1), Dropout(), Dropout(), OUTPUT],
     "Block 2 (dropout): With it, the network has 804,384 values in memory"),
    ([], "1 to 12 blocks, with the output"),
    ([*[Dropout()] * 12, OUTPUT], "1 to 12 blocks, with the output"),
    ([Dense(units=10)], "The last block is the output: dense, 10 units, activation 'none'"),
    ([Normalization()], "The last block is the output"),
]  # fmt: skip


@pytest.mark.parametrize(("blocks", "reason"), IMPOSSIBLE)
def test_impossible_networks_are_refused_with_the_reason(blocks: list[Block], reason: str) -> None:
    with pytest.raises(TrainingError) as caught:
        check_blocks(blocks)
    assert reason in str(caught.value)
    assert "Received: " in str(caught.value)
    # Nothing is built: Keras is not even imported.
    with pytest.raises(TrainingError):
        architecture_of(blocks).build()


@pytest.mark.parametrize("kind", KINDS)
def test_settings_of_a_block_have_ranges(kind: str) -> None:
    block = KINDS[kind]
    assert block.SUMMARY.endswith(".")
    for setting in block.settings():
        assert setting.help.endswith(".")
        for value in (-1, 10**6, float("nan"), "much", None, True, [3]):
            with pytest.raises(TrainingError, match=f"'{setting.name}' of a {kind} block"):
                block(**{setting.name: value})


@given(st.integers(0, 2**32))
def test_any_blocks_have_a_plan_or_a_reason(seed: int) -> None:
    blocks = random_blocks(seed)
    plan = plan_blocks(blocks)
    assert all(min(layer.output) >= 1 for layer in plan.layers)
    assert len(plan.outputs) <= len(blocks)
    assert (len(plan.outputs) == len(blocks)) >= (not plan.problem)
    assert plan.parameters <= 5_000_000
    if plan.problem:
        with pytest.raises(TrainingError):
            build_network(blocks)


def test_presets_teach_in_one_sentence_each() -> None:
    assert [preset.title for preset in PRESETS] == [
        "Small CNN",
        "Linear classifier",
        "No activation",
        "Too high a learning rate",
        "Overfitting on 500 images",
    ]
    for preset in PRESETS:
        check_blocks(preset.blocks)
        assert preset.lesson.endswith(".")
        assert ". " not in preset.lesson
