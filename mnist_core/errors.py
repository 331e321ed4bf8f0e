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

from collections.abc import Iterable

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
    "require_choice",
    "require_int",
    "require_number",
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


def require_int(
    name: str, value: object, low: int, high: int, *, error: type[MnistError] = MnistError
) -> None:
    """Raise the error unless a value is a whole number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise error(f"{name} must be a whole number from {low} to {high}. Received: {value!r}")


def require_number(
    name: str, value: object, low: float, high: float, *, error: type[MnistError] = MnistError
) -> None:
    """Raise the error unless a value is a number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise error(f"{name} must be a number from {low:g} to {high:g}. Received: {value!r}")


def require_choice(
    name: str, value: object, choices: Iterable[str], *, error: type[MnistError] = MnistError
) -> None:
    """Raise the error unless a value is one of some strings."""
    if not isinstance(value, str) or value not in choices:
        raise error(f"{name} must be one of: {', '.join(choices)}. Received: {value!r}")
