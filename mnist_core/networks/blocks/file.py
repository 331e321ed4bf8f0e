"""Networks of blocks as JSON: `{"blocks": [{"kind": "convolution", "filters": 16, ...}, ...]}`."""

from __future__ import annotations

import json
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mnist_core.errors import TrainingError, foreign_bytes
from mnist_core.networks.blocks.block import Block
from mnist_core.networks.blocks.kinds import KINDS
from mnist_core.networks.blocks.plan import MOST_BLOCKS, check_blocks

__all__ = ["parse_blocks", "read_blocks", "read_blocks_file", "write_blocks"]

# Bytes; twelve blocks with all their settings take 1,500.
_LARGEST = 20_000
_EXAMPLE = '{"blocks": [{"kind": "dense", "units": 10, "activation": "none"}]}'


def write_blocks(blocks: Sequence[Block]) -> str:
    """The content of a file, one block a line."""
    lines = ",\n".join(f"  {json.dumps(asdict(block))}" for block in blocks)
    return f'{{"blocks": [\n{lines}\n]}}\n'


def read_blocks(content: bytes) -> tuple[Block, ...]:
    """Read the content of a file, or of the card of a model that was built from blocks.

    Raises:
        TrainingError: it is not JSON, or not a network that can be built.
    """

    def refused(error: Exception) -> TrainingError:
        return TrainingError(
            f"The file is not JSON ({str(error)[:100]}). Write a network like {_EXAMPLE}. "
            f"Received: {reprlib.repr(content)}"
        )

    if len(content) > _LARGEST:
        raise TrainingError(
            f"A file of a network has {_LARGEST:,} bytes at most. Choose another file. Received: "
            f"{len(content):,} bytes"
        )
    with foreign_bytes(refused):
        values = json.loads(content)
    if isinstance(values, dict) and isinstance(values.get("configuration"), dict):
        values = {"blocks": values["configuration"].get("blocks")}
    if not isinstance(values, dict) or set(values) != {"blocks"}:
        raise TrainingError(
            f"A file of a network is a table with the list 'blocks', such as {_EXAMPLE}. Received: "
            f"{reprlib.repr(values)}"
        )
    blocks = parse_blocks(values["blocks"])
    check_blocks(blocks)
    return blocks


def read_blocks_file(path: Path) -> tuple[Block, ...]:
    """Read a file.

    Raises:
        TrainingError: as of `read_blocks`, or the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise TrainingError(
            f"The file of the network cannot be read ({error.strerror}). Name another file. "
            f"Received: {path}"
        ) from error
    return read_blocks(content)


def parse_blocks(values: Any) -> tuple[Block, ...]:
    """Make blocks of their JSON form; blocks themselves are kept as they are.

    Whether they fit together, `check_blocks` examines.

    Raises:
        TrainingError: these are no blocks.
    """
    if isinstance(values, str | bytes) or not isinstance(values, Sequence):
        raise TrainingError(
            f"The blocks of a network are a list, such as in {_EXAMPLE}. Received: "
            f"{reprlib.repr(values)}"
        )
    if len(values) > MOST_BLOCKS:
        raise TrainingError(
            f"A network has 1 to {MOST_BLOCKS} blocks, with the output. Remove some. Received: "
            f"{len(values)} blocks"
        )
    return tuple(_parse(number, value) for number, value in enumerate(values, start=1))


def _parse(number: int, value: Any) -> Block:
    if isinstance(value, Block):
        return value
    kind = value.get("kind") if isinstance(value, Mapping) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise TrainingError(
            f"Block {number} must be a table with a 'kind': {', '.join(KINDS)}. Received: "
            f"{reprlib.repr(value)}"
        )
    settings = {name: setting for name, setting in value.items() if name != "kind"}
    known = {one.name for one in KINDS[kind].settings()}
    if not known >= set(settings):
        raise TrainingError(
            f"Block {number} ({kind}) has the settings {', '.join(sorted(known)) or 'none'}. Leave "
            f"out the others. Received: {reprlib.repr(sorted(map(str, settings)))}"
        )
    for name, setting in settings.items():
        # Everything else may be as long or deep as the file.
        if not isinstance(setting, str | int | float) or len(str(setting)) > 40:
            raise TrainingError(
                f"Block {number} ({kind}): {name!r} must be a number or a word. Received: "
                f"{reprlib.repr(setting)}"
            )
    try:
        return KINDS[kind](**settings)
    except TrainingError as error:
        raise TrainingError(f"Block {number}: {error}") from None
