"""Every error that this package raises on purpose.

    MnistError
    ├── InvalidImageError    an image, or an image file, that cannot be read
    ├── ModelNotFoundError   no model of that name, or none at all
    ├── ModelLoadError       a model is there but damaged or incomplete
    ├── DatasetError         the embedded MNIST is missing or altered, or labelled images are wrong
    ├── TrainingError        a training run that cannot start or go on
    │   ├── TrainingStopped  it was stopped before it had learnt anything
    │   └── TrainingDiverged its loss is no number any more
    └── CorrectionsError     corrections that cannot be kept, found or brought in
        └── DamagedCorrectionsError   their file is no such file, or not whole any more

Each message runs: what was wrong, what to do, what was received.
"""

from __future__ import annotations

__all__ = [
    "CorrectionsError",
    "DamagedCorrectionsError",
    "DatasetError",
    "InvalidImageError",
    "MnistError",
    "ModelLoadError",
    "ModelNotFoundError",
    "TrainingDiverged",
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
    """The embedded MNIST is missing, truncated or altered, or labelled images cannot be used."""


class TrainingError(MnistError):
    """A training run that cannot start or cannot go on."""


class TrainingStopped(TrainingError):  # noqa: N818 (nothing went wrong)
    """A training run was stopped on purpose before its first epoch had ended."""


class TrainingDiverged(TrainingError):  # noqa: N818 (so it is called)
    """The loss of a training run is no number any more."""


class CorrectionsError(MnistError):
    """Corrections that cannot be kept, found or brought in."""


class DamagedCorrectionsError(CorrectionsError):
    """The file of corrections is no such file, or not whole any more; it can be moved aside."""
