"""A last layer over branches side by side, for training. Imports Keras.

Trained by what they say together, branches share the work between them and depend on each other.
Where each has to answer by itself, they err in different places, and their mean errs less than any
of them (S. Lee, S. Purushwalkam, M. Cogswell, D. Crandall and D. Batra, "Why M Heads are Better
than One: Training a Diverse Ensemble of Deep Networks", arXiv:1511.06314, 2015: their "TreeNets"
share the first layers, as the champion does).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from mnist_core.errors import MnistError

__all__ = ["BranchwiseDense", "branches_of", "single_layers"]


class BranchwiseDense(keras.layers.Dense):  # type: ignore[misc]
    """`keras.layers.Dense` without activation over (n, units of all branches).

    It has the same weights and, but in training, gives the same: (n, units). In training it gives
    what each branch says by itself, (n, branches, units), whose mean over the branches that is.

    Args:
        units: its outputs.
        widths: how many units each branch has.
        **others: as of `keras.layers.Dense`.
    """

    def __init__(self, units: int, *, widths: Sequence[int], **others: Any) -> None:
        super().__init__(units, **others)
        self.widths = tuple(widths)

    def get_config(self) -> dict[str, Any]:
        """What makes another like it."""
        return {**super().get_config(), "widths": list(self.widths)}

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """The answers."""
        if not training:
            return super().call(inputs)
        bounds = [int(bound) for bound in np.cumsum(self.widths)[:-1]]
        parts = ops.split(inputs, bounds, axis=-1), ops.split(self.kernel, bounds, axis=0)
        return ops.stack(
            [
                len(self.widths) * ops.matmul(features, kernel) + self.bias
                for features, kernel in zip(*parts, strict=True)
            ],
            axis=1,
        )


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
