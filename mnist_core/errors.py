"""The errors that this package raises on purpose, and checks that raise them.

    MnistError
    ├── InvalidImageError    an image or image file cannot be read
    │   └── ClutteredImageError   it has so many marks that reading it would take too long
    ├── ModelNotFoundError   there is no model of that name, or none at all
    ├── ModelLoadError       a model is damaged or incomplete
    ├── DatasetError         the embedded MNIST or a labeled set cannot be used
    ├── TrainingError        a training cannot start or continue
    │   ├── TrainingStopped  it was stopped before its first epoch ended
    │   └── TrainingDiverged its loss is NaN or infinite
    └── CorrectionsError     corrections cannot be saved, found or imported
        └── DamagedCorrectionsError   their file is damaged or is not a corrections file

Each message runs: what was wrong, what to do, what was received.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

__all__ = [
    "ClutteredImageError",
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
    "foreign_bytes",
    "require_choice",
    "require_int",
    "require_number",
]


class MnistError(Exception):
    """The base class of all errors that the package raises on purpose."""


class InvalidImageError(MnistError):
    """An image or image file cannot be read."""


class ClutteredImageError(InvalidImageError):
    """An image has so many marks that reading it would take too long."""


class ModelNotFoundError(MnistError):
    """There is no model of that name, or none at all."""


class ModelLoadError(MnistError):
    """A model is damaged or incomplete."""


class DatasetError(MnistError):
    """The embedded MNIST is missing or altered, or a labeled set cannot be used."""


class TrainingError(MnistError):
    """A training cannot start or continue."""


class TrainingStopped(TrainingError):  # noqa: N818 (not a failure)
    """A training was stopped on purpose before its first epoch ended."""


class TrainingDiverged(TrainingError):  # noqa: N818 (the field's term)
    """The loss of a training is NaN or infinite."""


class CorrectionsError(MnistError):
    """Corrections cannot be saved, found or imported."""


class DamagedCorrectionsError(CorrectionsError):
    """The corrections file is damaged or another program's; it can be moved aside."""


@contextmanager
def foreign_bytes(refuse: Callable[[Exception], MnistError]) -> Iterator[None]:
    """The gate for a block that parses bytes from anyone: every exception becomes a `MnistError`.

    Parsers of damaged bytes raise nearly anything (struct.error, tokenize.TokenError, IndexError);
    a list of kinds is never complete. Errors of this package pass as they are.

    Args:
        refuse: makes the error that is raised from the parser's exception.
    """
    try:
        yield
    except MnistError:
        raise
    except Exception as error:
        raise refuse(error) from error


def require_int(
    name: str, value: object, low: int, high: int, *, error: type[Exception] = MnistError
) -> None:
    """Raise `error` unless the value is a whole number from low to high; a bool is not one.

    `name` is the beginning of the message, such as "The setting 'epochs'".
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise error(f"{name} must be a whole number from {low} to {high}. Received: {value!r}")


def require_number(
    name: str, value: object, low: float, high: float, *, error: type[Exception] = MnistError
) -> None:
    """Raise `error` unless the value is a number from low to high; a bool or NaN is not one."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise error(f"{name} must be a number from {low:g} to {high:g}. Received: {value!r}")


def require_choice(
    name: str, value: object, choices: Iterable[str], *, error: type[Exception] = MnistError
) -> None:
    """Raise `error` unless the value is one of the choices."""
    choices = tuple(choices)
    if not isinstance(value, str) or value not in choices:
        raise error(f"{name} must be one of: {', '.join(choices)}. Received: {value!r}")
