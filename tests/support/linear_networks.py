"""Linear networks as LiteRT files, made in a process of their own: TensorFlow is large."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearNetwork:
    """One dense layer.

    Attributes:
        path: the file to write.
        shape: (height, width) of the input.
        outputs: the number of logits.
        weights: the kernel, (height * width, outputs), and the bias, (outputs,); None for random.
    """

    path: Path
    shape: tuple[int, int] = (28, 28)
    outputs: int
    weights: tuple[np.ndarray, np.ndarray] | None = None


def export_linear_networks(networks: Sequence[LinearNetwork]) -> None:
    """Write the networks to their files, whose folders must exist."""
    import keras

    for network in networks:
        dense = keras.layers.Dense(network.outputs)
        layers = [keras.Input(network.shape), keras.layers.Flatten(), dense]
        model = keras.Sequential(layers)
        if network.weights is not None:
            dense.set_weights(list(network.weights))
        model.export(str(network.path), format="litert", verbose=False)
