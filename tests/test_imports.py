"""What reading a digit imports, and the public names."""

from __future__ import annotations

import inspect
import sys

import numpy as np
import pytest
from support.processes import run_in_fresh_process

import mnist_core
from mnist_core import errors


def read_a_one() -> tuple[list[int], set[str]]:
    """Read a digit; the labels, and the packages that are imported then."""
    image = np.zeros((280, 280), np.uint8)
    image[40:240, 130:150] = 255
    labels = [digit.label for digit in mnist_core.load_recognizer().read(image)]
    return labels, {name.partition(".")[0] for name in sys.modules}


def test_reading_a_digit_imports_nothing_large() -> None:
    labels, imported = run_in_fresh_process(read_a_one)
    assert labels == [1]
    assert "ai_edge_litert" in imported
    large = {"tensorflow", "keras", "streamlit", "sklearn", "scipy", "pandas", "plotly", "PIL"}
    assert not imported & large


@pytest.mark.parametrize("name", mnist_core.__all__)
def test_public_names_have_documentation(name: str) -> None:
    value = getattr(mnist_core, name)
    assert inspect.getdoc(value)
    if callable(value) and not inspect.isclass(value):
        assert "Raises:" in value.__doc__ or name == "list_models"


def test_public_errors_are_those_that_public_functions_raise() -> None:
    public = {name for name in dir(mnist_core) if name in errors.__all__}
    assert public == {
        "CorrectionsError",
        "DatasetError",
        "InvalidImageError",
        "MnistError",
        "ModelLoadError",
        "ModelNotFoundError",
        "TrainingError",
        "TrainingStopped",
    }
