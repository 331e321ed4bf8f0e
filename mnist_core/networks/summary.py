"""The layers of each architecture, without loading TensorFlow.

`python -m mnist_core.networks.summary` asks Keras once and writes `assets/networks.json`; a test
verifies that the file is up to date.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any

from mnist_core.networks.architectures import ARCHITECTURES, get_architecture
from mnist_core.storage.paths import ASSETS

if TYPE_CHECKING:
    import keras

__all__ = ["Layer", "counted", "describe", "layers_of", "rate_text"]

_ASSET = ASSETS / "networks.json"
# A dropout rate that no architecture has by default: it marks the layers that the setting changes.
_DROPOUT = 0.123


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer of a network.

    Attributes:
        kind: name of its Keras class.
        detail: its size or rate, for users; may be "".
        output: shape of its output for one image, such as (28, 28, 24) or (10,).
        parameters: number of weights.
        multiplications: of its convolution or dense product, for one image; 0 for other layers.
        branch: name of its branch; "" for layers that all branches share.
    """

    kind: str
    detail: str = ""
    output: tuple[int, ...]
    parameters: int = 0
    multiplications: int = 0
    branch: str = ""


def describe(model: keras.Model) -> list[Layer]:
    """The layers of a Keras network of `ARCHITECTURES`, branch after branch."""
    import keras

    from mnist_core.networks.structure import branches_of

    branches = [part.name for part in branches_of(model)]
    return [
        Layer(
            kind=type(layer).__name__,
            detail=_detail(layer.get_config()),
            output=tuple(layer.output.shape[1:]),
            parameters=layer.count_params(),
            multiplications=_multiplications(layer),
            branch=part.name if part.name in branches else "",
        )
        for part in model.layers
        for layer in (part.layers if isinstance(part, keras.Sequential) else [part])
        if not isinstance(layer, keras.layers.InputLayer)
    ]


def layers_of(architecture: str, dropout: float | None = None) -> list[Layer]:
    """The layers of an architecture.

    Args:
        architecture: a key of `ARCHITECTURES`.
        dropout: dropout rate, 0 to 0.9; None for the architecture's own rates.

    Raises:
        TrainingError: there is no such architecture.
    """
    variants = json.loads(_ASSET.read_text(encoding="utf-8"))[get_architecture(architecture).name]
    layers = [
        Layer(**values | {"output": tuple(values["output"])})
        for values in variants["own" if not dropout else "dropout"]
    ]
    if dropout is None:
        return layers
    return [
        replace(layer, detail=rate_text(dropout)) if layer.kind == "Dropout" else layer
        for layer in layers
    ]


def _detail(config: dict[str, Any]) -> str:
    if "filters" in config:
        filters = counted(config["filters"], "filter")
        return f"{filters} of {'×'.join(map(str, config['kernel_size']))}{_activation(config)}"
    if "units" in config:
        return counted(config["units"], "unit") + _activation(config)
    if "rate" in config:
        return rate_text(config["rate"])
    if "pool_size" in config:
        return "×".join(map(str, config["pool_size"]))
    return ""


def rate_text(rate: float) -> str:
    """A dropout rate, 0 to 1, for users."""
    return f"{rate:.0%} of the units"


def counted(count: int, noun: str) -> str:
    """A number of things, such as "1 filter" or "16 filters"."""
    return f"{count} {noun}{'s' * (count != 1)}"


def _activation(config: dict[str, Any]) -> str:
    return f", {config['activation']}" * (config["activation"] != "linear")


def _multiplications(layer: keras.layers.Layer) -> int:
    """Each weight of a kernel is used once for each position of its window."""
    kernel = getattr(layer, "kernel", None)
    return 0 if kernel is None else prod(kernel.shape) * prod(layer.output.shape[1:-1])


def _main() -> None:
    summaries = {}
    for name, architecture in ARCHITECTURES.items():
        variants = {"own": architecture.build(), "dropout": architecture.build(_DROPOUT)}
        summaries[name] = {
            key: [asdict(layer) for layer in describe(model)] for key, model in variants.items()
        }
    _ASSET.write_text(json.dumps(summaries, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _main()
