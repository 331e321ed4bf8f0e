"""Networks to begin with: a good one, and four that teach by what they do wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mnist_core.networks.blocks.block import Block
from mnist_core.networks.blocks.kinds import Convolution, Dense, Pooling
from mnist_core.networks.blocks.plan import OUTPUT

__all__ = ["PRESETS", "Preset"]


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A network of blocks and how to train it.

    Attributes:
        title: its name, for users.
        lesson: one sentence: what to see, and what to change.
        blocks: from the image to the logits.
        settings: of the training; the others are the architecture's defaults.
    """

    title: str
    lesson: str
    blocks: tuple[Block, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)


_SMALL = (
    Convolution(filters=16),
    Pooling(),
    Convolution(filters=32),
    Pooling(),
    Dense(units=64),
    OUTPUT,
)

PRESETS = (
    Preset(
        title="Small CNN",
        lesson="Two convolutions find strokes and their corners wherever they are, so few weights "
        "are enough: a good network to begin with.",
        blocks=_SMALL,
        settings={"epochs": 2, "batch_size": 64, "learning_rate": 3e-3, "schedule": "cosine"},
    ),
    Preset(
        title="Linear classifier",
        lesson="Each digit has one weight for each pixel, and nothing else: this is how far "
        "templates get, and what every hidden layer has to beat.",
        blocks=(OUTPUT,),
        settings={"epochs": 3},
    ),
    Preset(
        title="No activation",
        lesson="Layers without an activation between them compute only what a linear classifier "
        "can: choose “relu” in the hidden blocks, and compare.",
        blocks=(
            Convolution(filters=8, activation="none"),
            Dense(units=64, activation="none"),
            Dense(units=64, activation="none"),
            OUTPUT,
        ),
        settings={"epochs": 3},
    ),
    Preset(
        title="Too high a learning rate",
        lesson="Each step overshoots, so the loss is high and stays high, and the answers are no "
        "better than guesses: divide the learning rate by a hundred, under *More settings*.",
        blocks=_SMALL,
        settings={"epochs": 2, "learning_rate": 0.3},
    ),
    Preset(
        title="Overfitting on 500 images",
        lesson="The network learns 500 images by heart: its accuracy on them reaches 100%, that on "
        "validation images does not follow; try dropout, augmentation, or more images.",
        blocks=(Dense(units=512), Dense(units=512), OUTPUT),
        settings={"epochs": 30, "training_images": 500, "batch_size": 32},
    ),
)
