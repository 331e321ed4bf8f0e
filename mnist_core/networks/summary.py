"""What a network looks like, layer by layer, for those who do not load TensorFlow.

Keras is asked once, by `python -m mnist_core.networks.summary`, and its answer lies in
`assets/`; a test asks it again.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mnist_core.networks.architectures import ARCHITECTURES, get_architecture
from mnist_core.storage.paths import ASSETS

if TYPE_CHECKING:
    import keras

__all__ = ["Layer", "describe", "layers_of"]

_ASSET = ASSETS / "networks.json"
# A share of dropped units that no architecture has of its own.
_MARK = 0.123


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer of a network.

    Attributes:
        kind: Keras's name for it.
        detail: its size or share, for people; may be "".
        output: shape of what it gives for one image, such as (28, 28, 24) or (10,).
        parameters: its number of weights.
        branch: the name of the branch that it belongs to; "" is what all of the network shares.
    """

    kind: str
    detail: str
    output: tuple[int, ...]
    parameters: int
    branch: str = ""


def describe(model: keras.Model) -> list[Layer]:
    """The layers of a Keras network of `ARCHITECTURES`; those of its branches one after another."""
    import keras

    from mnist_core.networks.structure import branches_of

    branches = [part.name for part in branches_of(model)]
    return [
        Layer(
            kind=type(layer).__name__,
            detail=_detail(layer.get_config()),
            output=tuple(layer.output.shape[1:]),
            parameters=layer.count_params(),
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
        dropout: share of units dropped in training, 0 to 0.9; None: the architecture's own.

    Raises:
        TrainingError: there is no such architecture.
    """
    known = json.loads(_ASSET.read_text(encoding="utf-8"))[get_architecture(architecture).name]
    layers = [
        Layer(**values | {"output": tuple(values["output"])})
        for values in known["own" if not dropout else "dropout"]
    ]
    if dropout is None:
        return layers
    share = _share(dropout)
    return [
        Layer(**asdict(layer) | {"detail": share}) if layer.kind == "Dropout" else layer
        for layer in layers
    ]


def _detail(config: dict[str, Any]) -> str:
    if "filters" in config:
        return f"{config['filters']} filters of {'×'.join(map(str, config['kernel_size']))}"
    if "units" in config:
        activation = config["activation"]
        return f"{config['units']} units" + (f", {activation}" * (activation != "linear"))
    if "rate" in config:
        return _share(config["rate"])
    if "pool_size" in config:
        return "×".join(map(str, config["pool_size"]))
    return ""


def _share(rate: float) -> str:
    return f"{rate:.0%} of the units"


def _main() -> None:
    answer = {}
    for name, architecture in ARCHITECTURES.items():
        variants = {"own": architecture.build(), "dropout": architecture.build(_MARK)}
        answer[name] = {key: [asdict(one) for one in describe(m)] for key, m in variants.items()}
    _ASSET.write_text(json.dumps(answer, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _main()
