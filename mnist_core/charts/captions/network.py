"""The caption of the drawing of a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mnist_core.charts.captions.caption import Caption
from mnist_core.networks.summary import Layer

__all__ = ["describe_network"]


def describe_network(layers: Sequence[Layer]) -> Caption:
    """Of `network_drawing`, from the image to the logits."""
    reading = (
        "From left to right, the image becomes ten numbers: the height of a block is the size of "
        "the image, its width the number of channels."
    )
    parts = [
        text
        for noun, sizes in (
            ("parameters", lambda layer: layer.parameters),
            ("multiplications for each image", lambda layer: layer.multiplications),
        )
        if (text := _largest_share(layers, noun, sizes))
    ]
    return Caption(reading, f"{'; '.join(parts)}." if parts else "Nothing in it is learned yet.")


def _largest_share(layers: Sequence[Layer], noun: str, size: Callable[[Layer], int]) -> str:
    """How many there are, and the layer that has most of them; "" for none."""
    total = sum(map(size, layers))
    if not total:
        return ""
    largest = max(layers, key=size)
    name = f"{largest.kind} ({largest.detail})" if largest.detail else largest.kind
    if largest.branch:
        name += f" of branch {largest.branch}"
    return f"{total:,} {noun}, {size(largest) / total:.0%} of them in {name}"
