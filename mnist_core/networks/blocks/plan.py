"""A network of blocks, planned: its layers, shapes, parameters and multiplications, or why not.

Nothing here imports Keras; a test compares each plan with the network that Keras builds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from mnist_core.data import CLASSES, FRAME_SIZE
from mnist_core.errors import TrainingError
from mnist_core.networks.blocks.block import Block, PlannedLayer, Shape
from mnist_core.networks.blocks.kinds import Dense, Dropout

__all__ = ["MOST_BLOCKS", "OUTPUT", "Plan", "check_blocks", "plan_blocks"]

MOST_BLOCKS = 12
# The last block of each network: a logit for each digit.
OUTPUT = Dense(units=CLASSES, activation="none")
# A larger network would take hours to train, or more memory than there is.
_MOST_WEIGHTS, _MOST_MULTIPLICATIONS, _MOST_VALUES = 5_000_000, 100_000_000, 500_000


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A network of blocks, as far as it can be built.

    Attributes:
        layers: from the image to the logits, or to the last block that fits.
        outputs: shape of the output of each block that fits.
        problem: why the network cannot be built, and what to do; "" if it can.
    """

    layers: tuple[PlannedLayer, ...]
    outputs: tuple[Shape, ...]
    problem: str

    @property
    def parameters(self) -> int:
        """Number of weights, trainable or not."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def multiplications(self) -> int:
        """Multiplications of the convolutions and dense layers, for one image."""
        return sum(layer.multiplications for layer in self.layers)


def plan_blocks(blocks: Sequence[Block], dropout: float | None = None) -> Plan:
    """Put blocks together.

    Args:
        blocks: from the image to the logits.
        dropout: rate, 0 to 0.9, in place of that of each dropout block; None: their own.
    """
    layers = [
        PlannedLayer(
            kind="Rescaling",
            output=(FRAME_SIZE, FRAME_SIZE),
            arguments={"scale": 1 / 255},
        )
    ]
    outputs: list[Shape] = []
    problem = ""
    if dropout is not None:
        blocks = [Dropout(rate=dropout) if isinstance(b, Dropout) else b for b in blocks]
    for number, block in enumerate(blocks, start=1):
        try:
            more = block.layers(layers[-1].output)
            _check_size([*layers, *more])
        except TrainingError as error:
            problem = f"Block {number} ({block.kind}): {error}"
            break
        layers += more
        outputs.append(layers[-1].output)
    problem = _structure_problem(blocks) or problem
    if not problem:
        arguments = {**layers[-1].arguments, "dtype": "float32", "name": "logits"}
        layers[-1] = replace(layers[-1], arguments=arguments)
    return Plan(layers=tuple(layers), outputs=tuple(outputs), problem=problem)


def check_blocks(blocks: Sequence[Block]) -> None:
    """Check that a network can be built from these blocks.

    Raises:
        TrainingError: it cannot; the message says why.
    """
    if problem := plan_blocks(blocks).problem:
        raise TrainingError(problem)


def _structure_problem(blocks: Sequence[Block]) -> str:
    if not 1 <= len(blocks) <= MOST_BLOCKS:
        return (
            f"A network has 1 to {MOST_BLOCKS} blocks, with the output. Remove or add some. "
            f"Received: {len(blocks)} blocks"
        )
    if blocks[-1] != OUTPUT:
        return (
            f"The last block is the output: dense, {CLASSES} units, activation 'none'. Add it. "
            f"Received: {blocks[-1].kind}, {blocks[-1].detail or 'without settings'}"
        )
    return ""


def _check_size(layers: Sequence[PlannedLayer]) -> None:
    """Check the size of a network whose last layers are new.

    Raises:
        TrainingError: it is too large.
    """
    sizes = (
        ("weights", sum(layer.parameters for layer in layers), _MOST_WEIGHTS),
        (
            "multiplications for each image",
            sum(layer.multiplications for layer in layers),
            _MOST_MULTIPLICATIONS,
        ),
        ("values in memory for each image", sum(prod(v.output) for v in layers), _MOST_VALUES),
    )
    for name, count, most in sizes:
        if count > most:
            raise TrainingError(
                f"With it, the network has {count:,} {name}; {most:,} are possible. Choose fewer "
                "filters or units, or pool before it. Received: "
                f"{layers[-1].detail or '×'.join(map(str, layers[-1].output))}"
            )
