"""MNIST with few training images, for what computes with all of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mnist_core import load_mnist
from mnist_core.explanation import similar_images
from pages.widgets import similar

COUNT = 1500


def use_few_training_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the search for similar images know only the first 1,500."""
    mnist = load_mnist()
    few = replace(mnist, x_train=mnist.x_train[:COUNT], y_train=mnist.y_train[:COUNT])
    for module in (similar_images, similar):
        monkeypatch.setattr(module, "load_mnist", lambda: few)
