"""The names of networks for users."""

from __future__ import annotations

import pytest

from mnist_core.networks.blocks.block import BLOCKS
from mnist_core.networks.blocks.network import name_network
from mnist_core.networks.blocks.plan import OUTPUT


@pytest.mark.parametrize(
    ("architecture", "blocks", "name"),
    [
        ("cnn", None, "cnn"),
        (BLOCKS, (OUTPUT,), "own network, 1 block"),
        (BLOCKS, [{"kind": "pooling"}, {"kind": "dense"}], "own network, 2 blocks"),
        (BLOCKS, None, "own network"),  # a damaged card
        (BLOCKS, 7, "own network"),
    ],
)
def test_name_of_a_network(architecture: str, blocks: object, name: str) -> None:
    assert name_network(architecture, blocks) == name
