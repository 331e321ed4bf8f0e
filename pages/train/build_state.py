"""The network that a visitor builds; it stays while other pages are open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import streamlit as st

from mnist_core import TrainingError
from mnist_core.networks.blocks.block import Block
from mnist_core.networks.blocks.file import read_blocks
from mnist_core.networks.blocks.plan import OUTPUT, plan_blocks
from mnist_core.networks.blocks.presets import PRESETS, Preset

__all__ = ["Draft", "Row", "current"]

_KEY = "build_draft"
# Numbers of rows and networks, for keys: a new one has new controls.
_NUMBERS = count()


@dataclass(eq=False)
class Row:
    """A block in the form; `number` is the same wherever it moves."""

    block: Block
    number: int = field(default_factory=lambda: next(_NUMBERS))


@dataclass(eq=False)
class Draft:
    """The blocks in the form, without the output, and where they come from.

    Attributes:
        rows: from the image on.
        preset: what the network began with; None: a file.
        settings: of the training, those of the preset.
        source: name of the file, or "".
        problem: why the last file was refused; "" after any other action.
        number: another one whenever a preset or file replaces the network.
    """

    rows: list[Row] = field(default_factory=list)
    preset: Preset | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    problem: str = ""
    number: int = 0

    @property
    def blocks(self) -> tuple[Block, ...]:
        """All blocks, the output last."""
        return (*(row.block for row in self.rows), OUTPUT)

    def load_preset(self, preset: Preset) -> None:
        """Begin again with a preset."""
        self._replace(preset.blocks)
        self.preset, self.settings, self.source = preset, preset.settings, ""

    def load_file(self, name: str, content: bytes) -> None:
        """Begin again with a file; if it is refused, the network stays."""
        try:
            blocks = read_blocks(content)
        except TrainingError as error:
            self.problem = str(error)
            return
        self._replace(blocks)
        self.preset, self.settings, self.source = None, {}, name

    def add(self, block: Block) -> None:
        """Add a block as near to the output as it fits; if it fits nowhere, at the end."""
        blocks = self.blocks[:-1]
        places = range(len(blocks), -1, -1)
        fitting = (
            place
            for place in places
            if not plan_blocks((*blocks[:place], block, *blocks[place:], OUTPUT)).problem
        )
        self.rows.insert(next(fitting, len(blocks)), Row(block))
        self.problem = ""

    def move(self, row: Row, by: int) -> None:
        """Move a block nearer to the image (-1) or to the output (1)."""
        if row in self.rows:  # not if the page was older than the draft
            place = self.rows.index(row)
            self.rows.remove(row)
            self.rows.insert(place + by, row)
        self.problem = ""

    def remove(self, row: Row) -> None:
        """Remove a block."""
        if row in self.rows:
            self.rows.remove(row)
        self.problem = ""

    def _replace(self, blocks: Sequence[Block]) -> None:
        self.rows = [Row(block) for block in blocks[:-1]]
        self.number, self.problem = next(_NUMBERS), ""


def current() -> Draft:
    """This visitor's draft, at first the first preset."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = Draft()
        st.session_state[_KEY].load_preset(PRESETS[0])
    draft: Draft = st.session_state[_KEY]
    return draft
