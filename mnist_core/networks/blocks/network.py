"""The architecture and the Keras network of a list of blocks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from mnist_core.errors import TrainingError
from mnist_core.networks.architectures import Architecture
from mnist_core.networks.blocks.block import BLOCKS, Block
from mnist_core.networks.blocks.plan import plan_blocks
from mnist_core.networks.summary import counted

if TYPE_CHECKING:
    import keras

__all__ = ["architecture_of", "build_network", "describe_blocks", "name_network"]


def architecture_of(blocks: Sequence[Block]) -> Architecture:
    """The architecture of a network of blocks, with default settings that suit small networks."""
    return Architecture(
        name=BLOCKS,
        summary=f"Own network: {describe_blocks(blocks)}.",
        build=partial(build_network, blocks),
        epochs=10,
        quick={"epochs": 2},
        batch_size=128,
        learning_rate=1e-3,
    )


def name_network(architecture: str, blocks: object) -> str:
    """A name for users: of the architecture, or "own network, 5 blocks".

    Args:
        architecture: of a training or a card.
        blocks: its blocks, such as a card has them, which may be damaged.
    """
    if architecture != BLOCKS:
        return architecture
    if not isinstance(blocks, Sequence):
        return "own network"
    return f"own network, {counted(len(blocks), 'block')}"


def describe_blocks(blocks: Sequence[Block]) -> str:
    """The blocks in one line, for users."""
    return "; ".join(f"{block.kind} {block.detail}".strip() for block in blocks)


def build_network(blocks: Sequence[Block], dropout: float | None = None) -> keras.Model:
    """Build the untrained network of these blocks; imports Keras.

    Args:
        blocks: from the image to the logits.
        dropout: rate, 0 to 0.9, in place of that of each dropout block; None: their own.

    Returns:
        A sequence of layers from (n, 28, 28) float32 grey levels, 0 to 255, to (n, 10) logits.

    Raises:
        TrainingError: it cannot be built from these blocks.
    """
    plan = plan_blocks(blocks, dropout)
    if plan.problem:
        raise TrainingError(plan.problem)
    import keras

    return keras.Sequential(
        [
            keras.Input((28, 28), dtype="float32", name="image"),
            *(getattr(keras.layers, layer.kind)(**layer.arguments) for layer in plan.layers),
        ],
        name=BLOCKS,
    )
