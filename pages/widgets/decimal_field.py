"""A field for a decimal number, with a point or a comma.

`st.number_input` reads "0,01" as 1 (Streamlit 1.67), and keeps the value before for "0,5".
"""

import re

import streamlit as st

from pages.widgets.show_errors import plain

__all__ = ["decimal_field", "parse_decimal"]

_DECIMAL = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


def parse_decimal(text: str) -> float | None:
    """The number in a text, such as "0.01", "0,01" or "1e-2"; None if it is not a number."""
    text = text.strip()
    return float(text.replace(",", ".")) if _DECIMAL.fullmatch(text) else None


def decimal_field(
    label: str, low: float, high: float, value: float, *, key: str, help: str
) -> float | None:
    """Show the field; return its number, or None with an error below it if there is none."""
    text = st.text_input(
        label, f"{value:g}", key=key, help=help, max_chars=20, persist_state="session"
    )
    number = parse_decimal(text)
    if number is None or not low <= number <= high:
        st.error(
            f"Write a number from {low:g} to {high:g}, such as {value:g}. "
            f"Received: {plain(repr(text))}"
        )
        return None
    return number
