"""The structure of a Keras network: its branches and its single layers. Imports Keras."""

from __future__ import annotations

import keras

from mnist_core.errors import MnistError

__all__ = ["branches_of", "single_layers"]


def branches_of(model: keras.Model) -> list[keras.Sequential]:
    """The branches of a network: what lies side by side before its last layer; [] of one without.

    Args:
        model: a stack of layers; or a stack, several that each go on from it, their features side
            by side, and a dense layer over those. `ARCHITECTURES` has no others.

    Raises:
        MnistError: it is put together otherwise.
    """
    if isinstance(model, keras.Sequential):
        return []
    _, *stacks, side_by_side, last = model.layers
    if not (
        all(isinstance(stack, keras.Sequential) for stack in stacks)
        and isinstance(side_by_side, keras.layers.Concatenate)
        and isinstance(last, keras.layers.Dense)
    ):
        raise MnistError(
            "Only one stack of layers, or branches of one, can be taken apart; an ensemble has "
            f"networks beside each other. Choose one of its members. Received: {model.name!r}"
        )
    return stacks[1:]


def single_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """A network's layers, those of its stacks instead of the stacks."""
    return [
        layer
        for part in model.layers
        for layer in (part.layers if isinstance(part, keras.Sequential) else [part])
    ]
