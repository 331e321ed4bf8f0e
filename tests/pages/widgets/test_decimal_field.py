"""Decimal numbers with a point or a comma."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.widgets.decimal_field import parse_decimal


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.01", 0.01),
        ("0,01", 0.01),
        (" 0,5 ", 0.5),
        (",5", 0.5),
        ("5.", 5.0),
        ("1e-3", 0.001),
        ("1,5E-3", 0.0015),
        ("-1", -1.0),
        ("1.000,5", None),
        ("1,000.5", None),
        ("1_0", None),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("0x1", None),
        ("٣", None),
    ],
)
def test_parse_decimal(text: str, number: float | None) -> None:
    assert parse_decimal(text) == number


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_none(text: str) -> None:
    assert parse_decimal(text) is None or isinstance(parse_decimal(text), float)


@given(st.floats(1e-6, 1))
def test_written_number_is_read_with_both_marks(number: float) -> None:
    assert parse_decimal(repr(number)) == number
    assert parse_decimal(repr(number).replace(".", ",")) == number
