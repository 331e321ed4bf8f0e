"""What several test files share."""

from __future__ import annotations

import pytest

from mnist_core import Dataset, Recognizer, load_mnist, load_recognizer


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """MNIST."""
    return load_mnist()


@pytest.fixture(scope="session")
def recognizer() -> Recognizer:
    """The bundled `cnn`."""
    return load_recognizer("cnn")
