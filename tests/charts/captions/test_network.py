"""The caption of the drawing of a network."""

from __future__ import annotations

from mnist_core.charts.captions.network import describe_network
from mnist_core.networks.blocks.kinds import Pooling
from mnist_core.networks.blocks.plan import OUTPUT, plan_blocks
from mnist_core.networks.summary import layers_of


def test_largest_layers_are_named() -> None:
    assert describe_network(layers_of("mlp")).result == (
        "407,050 parameters, 99% of them in Dense (512 units, relu); 406,528 multiplications for "
        "each image, 99% of them in Dense (512 units, relu)."
    )
    assert describe_network(plan_blocks((OUTPUT,)).layers).result == (
        "7,850 parameters, 100% of them in Dense (10 units); 7,840 multiplications for each image, "
        "100% of them in Dense (10 units)."
    )


def test_layer_of_a_branch_is_named_with_it() -> None:
    result = describe_network(layers_of("champion")).result
    assert " of branch " in result
    assert result.startswith("971,307 parameters, ")


def test_network_without_weights() -> None:
    assert describe_network(plan_blocks((Pooling(),)).layers).result == (
        "Nothing in it is learned yet."
    )
