"""The errors and the checks that raise them."""

from __future__ import annotations

import math

import pytest

from mnist_core.errors import (
    CorrectionsError,
    MnistError,
    TrainingError,
    foreign_bytes,
    require_choice,
    require_int,
    require_number,
)


@pytest.mark.parametrize("value", [1, 5, 10])
def test_require_int_accepts_the_range(value: int) -> None:
    require_int("The value", value, 1, 10)


@pytest.mark.parametrize("value", [0, 11, -1, True, 2.0, "3", None, math.nan])
def test_require_int_refuses_all_else_and_says_what_it_received(value: object) -> None:
    with pytest.raises(TrainingError) as error:
        require_int("The setting 'epochs'", value, 1, 10, error=TrainingError)
    assert str(error.value) == (
        f"The setting 'epochs' must be a whole number from 1 to 10. Received: {value!r}"
    )


@pytest.mark.parametrize("value", [0, 0.25, 1, 1.0])
def test_require_number_accepts_the_range(value: float) -> None:
    require_number("The value", value, 0, 1)


@pytest.mark.parametrize("value", [-0.001, 1.1, True, "0.5", None, math.nan, math.inf, 1 + 0j])
def test_require_number_refuses_all_else(value: object) -> None:
    with pytest.raises(CorrectionsError, match="must be a number from 0 to 1"):
        require_number("The confidence", value, 0, 1, error=CorrectionsError)


def test_require_choice_lists_the_choices() -> None:
    require_choice("The setting 'schedule'", "cosine", {"constant": "", "cosine": ""})
    for value in ("", "Cosine", None, 3, ["cosine"]):
        with pytest.raises(MnistError) as error:
            require_choice("The setting 'schedule'", value, {"constant": "", "cosine": ""})
        assert str(error.value) == (
            f"The setting 'schedule' must be one of: constant, cosine. Received: {value!r}"
        )


@pytest.mark.parametrize(
    "error", [IndexError("x"), OverflowError(), MemoryError(), RecursionError()]
)
def test_foreign_bytes_turns_any_exception_into_the_package_s(error: Exception) -> None:
    gate = foreign_bytes(lambda error: CorrectionsError(f"refused: {error!r}"))
    with pytest.raises(CorrectionsError, match="refused") as caught, gate:
        raise error
    assert caught.value.__cause__ is error


def test_foreign_bytes_passes_the_package_s_errors_and_ctrl_c() -> None:
    for error in (TrainingError("ours"), KeyboardInterrupt()):
        with pytest.raises(type(error)) as caught, foreign_bytes(lambda _: CorrectionsError("no")):
            raise error
        assert caught.value is error
