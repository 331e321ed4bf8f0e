"""Networks of blocks for tests, and what Keras makes of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from mnist_core.networks.blocks.block import Block
from mnist_core.networks.blocks.kinds import (
    KINDS,
    Convolution,
    Dense,
    Dropout,
    Normalization,
    Pooling,
)
from mnist_core.networks.blocks.plan import OUTPUT, plan_blocks
from mnist_core.networks.blocks.presets import PRESETS
from mnist_core.networks.summary import Layer


def random_blocks(seed: int) -> tuple[Block, ...]:
    """One to twelve blocks of any kinds, mostly small, the output last."""
    random = np.random.default_rng(seed)
    sizes = {"filters": (1, 2, 7, 16, 512), "window": (2, 3, 5, 28), "units": (1, 10, 100, 4096)}
    values: dict[str, tuple[Any, ...]] = sizes | {
        "rate": (0, 0.5),
        "activation": ("relu", "tanh", "sigmoid", "none"),
    }
    blocks = []
    for _ in range(random.integers(12)):
        kind = KINDS[str(random.choice(list(KINDS)))]
        chosen = {
            setting.name: values[setting.name][random.integers(len(values[setting.name]))]
            for setting in kind.settings()
        }
        blocks.append(kind(**chosen))
    return (*blocks, OUTPUT)


def _valid(seeds: Iterable[int]) -> list[tuple[Block, ...]]:
    return [blocks for blocks in map(random_blocks, seeds) if not plan_blocks(blocks).problem]


# Each kind of block after each other one that it can follow, the presets, and networks by chance.
EXAMPLES: list[tuple[Block, ...]] = [
    (
        Normalization(), Convolution(filters=3, window=5, activation="tanh"), Dropout(), Pooling(),
        Convolution(filters=5, window=2, activation="none"), Normalization(), Pooling(window=3),
        Dense(units=6, activation="sigmoid"), Normalization(), Dense(units=1), OUTPUT,
    ),
    (Pooling(window=4), Dropout(rate=0.5), Pooling(window=7), OUTPUT),
    (Dropout(rate=0.1), Dense(units=7), OUTPUT),
    *(preset.blocks for preset in PRESETS),
    *_valid(range(20)),
]  # fmt: skip


def as_layers(layers: Iterable[Layer]) -> list[dict[str, Any]]:
    """The fields that all layers have."""
    names = [field.name for field in fields(Layer)]
    return [{name: getattr(layer, name) for name in names} for layer in layers]


def build_examples() -> list[dict[str, Any]]:
    """Build each example with Keras: its layers, counts and outputs."""
    from mnist_core.networks.blocks.network import build_network
    from mnist_core.networks.summary import describe
    from mnist_core.networks.training_layers import training_form

    images = np.random.default_rng(1).integers(0, 256, (2, 28, 28)).astype(np.float32)
    networks = []
    for blocks in EXAMPLES:
        model = build_network(blocks)
        trained = training_form(model)
        trained.set_weights(model.get_weights())
        logits = np.asarray(model(images))
        networks.append(
            {
                "layers": [asdict(layer) for layer in describe(model)],
                "parameters": model.count_params(),
                "logits": logits.shape,
                "difference of the training form": float(
                    np.abs(logits - np.asarray(trained(images))).max()
                ),
            }
        )
    dropped = build_network(EXAMPLES[0], 0.125)
    networks[0]["layers with dropout"] = [asdict(layer) for layer in describe(dropped)]
    return networks


def run_scripts_until_training(
    scripts: list[str], networks: list[tuple[tuple[Block, ...], float | None]]
) -> list[dict[str, Any]]:
    """The networks that scripts build, beside those that trainings build."""
    from mnist_core.networks.blocks.network import build_network
    from mnist_core.networks.summary import describe

    results = []
    for script, (blocks, dropout) in zip(scripts, networks, strict=True):
        variables: dict[str, Any] = {}
        exec("import keras\nfrom keras import layers\n", variables)
        exec(script[script.index("# Grey levels") : script.index("model.summary()")], variables)
        written, built = variables["model"], build_network(blocks, dropout)
        results.append(
            {
                "script": [asdict(layer) for layer in describe(written)],
                "training": [asdict(layer) for layer in describe(built)],
                "weights": [weight.shape for weight in written.weights],
                "weights of the training": [weight.shape for weight in built.weights],
            }
        )
    return results
