"""The structure of a Keras network: its branches and its single layers. Imports Keras."""

from __future__ import annotations

import keras

from mnist_core.errors import MnistError

__all__ = ["branches_of", "single_layers"]


def branches_of(model: keras.Model) -> list[keras.Sequential]:
    """The parallel branches of a network; [] if it has none.

    Args:
        model: a sequence of layers; or a stem, branches that continue from it, a concatenation of
            their features, and a dense layer. `ARCHITECTURES` has no other kinds.

    Raises:
        MnistError: the network has another structure.
    """
    if isinstance(model, keras.Sequential):
        return []
    _, *stacks, concatenation, last = model.layers
    if not (
        all(isinstance(stack, keras.Sequential) for stack in stacks)
        and isinstance(concatenation, keras.layers.Concatenate)
        and isinstance(last, keras.layers.Dense)
    ):
        raise MnistError(
            "An ensemble cannot be split into layers and branches. Choose one of its members. "
            f"Received: {model.name!r}"
        )
    return stacks[1:]


def single_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers of a network, with nested stacks unfolded."""
    return [
        layer
        for part in model.layers
        for layer in (part.layers if isinstance(part, keras.Sequential) else [part])
    ]
