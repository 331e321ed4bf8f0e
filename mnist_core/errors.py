"""Every error that this package raises on purpose.

    MnistError
    ├── InvalidImageError    an image, or an image file, that cannot be read
    ├── ModelNotFoundError   no model of that name, or none at all
    ├── ModelLoadError       a model is there but damaged or incomplete
    ├── DatasetError         the embedded MNIST is missing or altered
    └── TrainingError        a training run that cannot start or go on
        └── TrainingStopped  it was stopped before it had learnt anything

Each message runs: what was wrong, what to do, what was received.
"""

from __future__ import annotations

__all__ = [
    "DatasetError",
    "InvalidImageError",
    "MnistError",
    "ModelLoadError",
    "ModelNotFoundError",
    "TrainingError",
    "TrainingStopped",
]


class MnistError(Exception):
    """Base class: catch this to catch everything the package raises on purpose."""


class InvalidImageError(MnistError):
    """An image, or an image file, that cannot be read."""


class ModelNotFoundError(MnistError):
    """No model of that name, or none at all."""


class ModelLoadError(MnistError):
    """A model is there, but it is damaged or incomplete."""


class DatasetError(MnistError):
    """The embedded MNIST is missing, truncated or altered."""


class TrainingError(MnistError):
    """A training run that cannot start or cannot go on."""


class TrainingStopped(TrainingError):  # noqa: N818 (nothing went wrong)
    """A training run was stopped on purpose before its first epoch had ended."""
