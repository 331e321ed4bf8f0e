"""Runs the worked examples of CONTRIBUTING.md as if they were in the files that they name."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from mnist_core.storage.paths import PROJECT

__all__ = ["examples", "run"]


def examples() -> dict[str, list[str]]:
    """Heading -> the blocks of Python below it."""
    text = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    parts = re.split(r"^### ", text.partition("## Worked examples")[2], flags=re.MULTILINE)[1:]
    return {
        part.partition("\n")[0]: re.findall(
            r"^```python\n(.*?)^```", part, re.MULTILINE | re.DOTALL
        )
        for part in parts
    }


def run(heading: str, folder: str) -> list[str]:
    """Run an example in this process, which is spoiled then.

    Args:
        heading: of the example.
        folder: for a new page, which is no module.

    Returns:
        The names of its tests, which have passed.
    """
    tests: list[str] = []
    for block in examples()[heading]:
        head, _, code = block.partition("\n")
        kind, path = head.removeprefix("# ").split()
        assert (PROJECT / path).exists() == (kind == "in"), head
        if path.startswith("tests/"):
            names: dict[str, object] = {}
            exec(compile(code, path, "exec"), names)
            tests += _call(names)
        elif re.fullmatch(r"pages/\w+\.py", path):
            (Path(folder) / path).parent.mkdir()
            (Path(folder) / path).write_text(code, encoding="utf-8")
            importlib.import_module("support.apps").ROOT = Path(folder)
        else:
            name = path.removesuffix(".py").replace("/", ".")
            if kind == "new":
                sys.modules[name] = ModuleType(name)
            module = importlib.import_module(name)
            exec(compile(code, path, "exec"), vars(module))
    return tests


def _call(names: dict[str, object]) -> Iterator[str]:
    for name, value in list(names.items()):
        if name.startswith("test_") and callable(value):
            value()
            yield name
