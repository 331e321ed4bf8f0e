"""What is imported when, and what never is."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import mnist_core

PACKAGE = Path(mnist_core.__file__).parent

READ = """
import sys
import numpy as np
import mnist_core
image = np.zeros((280, 280), np.uint8)
image[40:240, 130:150] = 255
assert [digit.label for digit in mnist_core.load_recognizer().read(image)] == [1]
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_reading_a_digit_imports_nothing_large() -> None:
    result = subprocess.run(
        [sys.executable, "-c", READ], capture_output=True, text=True, check=True, cwd=PACKAGE.parent
    )
    imported = set(result.stdout.split())
    assert "ai_edge_litert" in imported
    large = {"tensorflow", "keras", "streamlit", "sklearn", "scipy", "pandas", "plotly", "PIL"}
    assert not imported & large


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.stem)
def test_the_core_never_imports_streamlit(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        assert not any(name.partition(".")[0] in ("streamlit", "pages") for name in names)


@pytest.mark.parametrize("name", mnist_core.__all__)
def test_every_public_name_says_what_it_is(name: str) -> None:
    value = getattr(mnist_core, name)
    assert inspect.getdoc(value)
    if callable(value) and not inspect.isclass(value):
        assert "Raises:" in value.__doc__ or name == "list_models"
