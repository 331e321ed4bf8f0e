"""What a network can be built from: the interface of a block.

A block knows its settings, their ranges, and the Keras layers that it becomes for an input of a
given shape. Nothing here imports Keras: shapes, parameters and multiplications are computed, so
that a page can draw a network as it grows. `kinds` has the kinds of blocks, `plan` puts them
together, `network` builds the Keras network, `file` reads and writes them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from mnist_core.errors import TrainingError
from mnist_core.networks.summary import Layer

__all__ = ["BLOCKS", "Block", "PlannedLayer", "Setting", "Shape", "setting"]

# The architecture of a network that is built from blocks.
BLOCKS = "blocks"
# Of one image or its features: (height, width), (height, width, channels) or (features,).
Shape = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class PlannedLayer(Layer):
    """A layer of Keras, not yet built.

    Attributes:
        arguments: of the class `keras.layers.<kind>`.
    """

    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Setting:
    """A setting of a kind of block.

    Attributes:
        name: of the field.
        help: a sentence for users.
        require: the function of `mnist_core.errors` that checks its value.
        allowed: what that function allows: the lowest and the highest value, or the choices.
    """

    name: str
    help: str
    require: Callable[..., None]
    allowed: tuple[Any, ...]


def setting(default: Any, help: str, require: Callable[..., None], *allowed: Any) -> Any:
    """A field of a block that is a setting; the arguments are described in `Setting`."""
    metadata = {"help": help, "require": require, "allowed": allowed}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Block(ABC):
    """A part of a network. Each subclass is a kind of block, and is listed in `kinds.KINDS`.

    Attributes:
        kind: its name in files.

    Raises:
        TrainingError: a setting is out of its range.
    """

    # What it does, in a sentence for users.
    SUMMARY: ClassVar[str] = ""
    kind: str = field(init=False, default="")

    def __post_init__(self) -> None:
        for one in self.settings():
            subject = f"The setting {one.name!r} of a {self.kind} block"
            one.require(subject, getattr(self, one.name), *one.allowed, error=TrainingError)

    @classmethod
    def settings(cls) -> list[Setting]:
        """Its settings, in the order of the fields."""
        return [Setting(field.name, **field.metadata) for field in fields(cls) if field.metadata]

    @property
    @abstractmethod
    def detail(self) -> str:
        """Its settings, for users; may be ""."""

    @abstractmethod
    def layers(self, shape: Shape) -> list[PlannedLayer]:
        """The Keras layers that it becomes.

        Args:
            shape: of its input, for one image.

        Raises:
            TrainingError: it cannot follow there.
        """
