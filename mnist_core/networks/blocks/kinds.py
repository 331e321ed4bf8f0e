"""The kinds of blocks. A new one is a class here and an entry in `KINDS`; the form follows."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any

from mnist_core.errors import TrainingError, require_choice, require_int, require_number
from mnist_core.networks.blocks.block import Block, PlannedLayer, Shape, setting
from mnist_core.networks.summary import counted, rate_text

__all__ = ["KINDS", "Convolution", "Dense", "Dropout", "Normalization", "Pooling"]

# Name -> Keras's name.
_ACTIVATIONS = {"relu": "relu", "tanh": "tanh", "sigmoid": "sigmoid", "none": None}
# As in `architectures`: Keras's default of 0.99 is too slow for a training of one epoch.
_MOMENTUM = 0.9


def _choose_activation() -> Any:
    return setting(
        "relu",
        "The function of each value afterwards; “none” keeps it.",
        require_choice,
        _ACTIVATIONS,
    )


@dataclass(frozen=True, kw_only=True)
class Convolution(Block):
    """Square windows that slide over the image, without padding: it gets smaller by window - 1."""

    SUMMARY = "Looks for the same small patterns everywhere in the image."
    kind: str = field(init=False, default="convolution")
    filters: int = setting(16, "Number of patterns that it learns.", require_int, 1, 512)
    window: int = setting(3, "Side of a pattern, in pixels.", require_int, 1, 28)
    activation: str = _choose_activation()

    @property
    def detail(self) -> str:
        """Such as "16 filters of 3×3, relu"."""
        window = f"{self.window}×{self.window}"
        return f"{counted(self.filters, 'filter')} of {window}{_comma(self.activation)}"

    def layers(self, shape: Shape) -> list[PlannedLayer]:
        """A convolution, on an image with channels."""
        before, (height, width, channels) = _with_channels(shape)
        _check_fits(self.window, height)
        output = (height - self.window + 1, width - self.window + 1, self.filters)
        weights = self.window**2 * channels * self.filters
        convolution = PlannedLayer(
            kind="Conv2D",
            detail=self.detail,
            output=output,
            parameters=weights + self.filters,
            multiplications=weights * output[0] * output[1],
            arguments={"filters": self.filters, "kernel_size": self.window}
            | _activation(self.activation),
        )
        return [*before, convolution]


@dataclass(frozen=True, kw_only=True)
class Pooling(Block):
    """The largest value of each window; windows do not overlap."""

    SUMMARY = "Keeps the largest value of each window: a smaller image, less exact places."
    kind: str = field(init=False, default="pooling")
    window: int = setting(2, "Side of a window, in pixels.", require_int, 2, 28)

    @property
    def detail(self) -> str:
        """Such as "2×2"."""
        return f"{self.window}×{self.window}"

    def layers(self, shape: Shape) -> list[PlannedLayer]:
        """A pooling layer, on an image with channels."""
        before, (height, width, channels) = _with_channels(shape)
        _check_fits(self.window, height)
        pooling = PlannedLayer(
            kind="MaxPooling2D",
            detail=self.detail,
            output=(height // self.window, width // self.window, channels),
            arguments={"pool_size": self.window},
        )
        return [*before, pooling]


@dataclass(frozen=True, kw_only=True)
class Dropout(Block):
    """Sets a share of the values to 0 at random, in training only."""

    SUMMARY = "Drops values at random while it learns, against overfitting."
    kind: str = field(init=False, default="dropout")
    rate: float = setting(0.3, "Share of the values that are dropped.", require_number, 0.0, 0.9)

    @property
    def detail(self) -> str:
        """Such as "30% of the units"."""
        return rate_text(self.rate)

    def layers(self, shape: Shape) -> list[PlannedLayer]:
        """A dropout layer."""
        return [
            PlannedLayer(
                kind="Dropout", detail=self.detail, output=shape, arguments={"rate": self.rate}
            )
        ]


@dataclass(frozen=True, kw_only=True)
class Normalization(Block):
    """Batch normalization: mean 0 and variance 1 in each channel, then a learned scale and offset.

    S. Ioffe and C. Szegedy, "Batch Normalization", ICML 2015.
    """

    SUMMARY = "Batch normalization: brings values to one scale, so that it learns faster."
    kind: str = field(init=False, default="normalization")

    @property
    def detail(self) -> str:
        """Nothing: it has no settings."""
        return ""

    def layers(self, shape: Shape) -> list[PlannedLayer]:
        """A batch normalization over the last axis."""
        before, shape = _with_channels(shape) if len(shape) > 1 else ([], shape)
        normalization = PlannedLayer(
            kind="BatchNormalization",
            output=shape,
            parameters=4 * shape[-1],
            arguments={"momentum": _MOMENTUM},
        )
        return [*before, normalization]


@dataclass(frozen=True, kw_only=True)
class Dense(Block):
    """Each unit sees all values before it; an image is flattened."""

    SUMMARY = "Each unit sees everything before it."
    kind: str = field(init=False, default="dense")
    units: int = setting(64, "Number of units.", require_int, 1, 4096)
    activation: str = _choose_activation()

    @property
    def detail(self) -> str:
        """Such as "64 units, relu"."""
        return counted(self.units, "unit") + _comma(self.activation)

    def layers(self, shape: Shape) -> list[PlannedLayer]:
        """A dense layer, after a flattening one if its input is an image."""
        features = prod(shape)
        before = [PlannedLayer(kind="Flatten", output=(features,))] if len(shape) > 1 else []
        dense = PlannedLayer(
            kind="Dense",
            detail=self.detail,
            output=(self.units,),
            parameters=(features + 1) * self.units,
            multiplications=features * self.units,
            arguments={"units": self.units} | _activation(self.activation),
        )
        return [*before, dense]


# Each kind under its name in files, in the order of the form.
KINDS: dict[str, type[Block]] = {
    block().kind: block for block in (Convolution, Pooling, Dropout, Normalization, Dense)
}


def _comma(activation: str) -> str:
    return "" if _ACTIVATIONS[activation] is None else f", {activation}"


def _activation(activation: str) -> dict[str, str]:
    name = _ACTIVATIONS[activation]
    return {} if name is None else {"activation": name}


def _with_channels(shape: Shape) -> tuple[list[PlannedLayer], Shape]:
    """An image as (height, width, channels), and the layer that makes it so, if it needs one."""
    if len(shape) == 1:
        raise TrainingError(
            "It needs an image, but a dense block before it has flattened the image. Move it "
            f"before the dense blocks. Received: {shape[0]} values in a row"
        )
    if len(shape) == 3:
        return [], shape
    shape = (*shape, 1)
    return [PlannedLayer(kind="Reshape", output=shape, arguments={"target_shape": shape})], shape


def _check_fits(window: int, left: int) -> None:
    if window > left:
        raise TrainingError(
            f"Its window is larger than the {left}×{left} px that are left of the image. Choose a "
            f"smaller window here, or less convolution and pooling before it. Received: "
            f"{window}×{window}"
        )
