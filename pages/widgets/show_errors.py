"""Shows the package's errors on the page, where the rest of the page still works."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from mnist_core import MnistError

__all__ = ["plain", "show_errors"]

# What has a meaning in Streamlit's Markdown: links and images, HTML, formulas, icons and colors.
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-!|~$:&])")


def plain(text: str) -> str:
    """Text of foreign origin as Markdown that shows it as it is, whatever is in it.

    Without this, `![x](https://…)` in a file's name would make the visitor's browser fetch it.
    """
    return _MARKUP.sub(r"\\\1", text)


@contextmanager
def show_errors() -> Iterator[None]:
    """Show an `MnistError` in this block as a message and continue after the block."""
    try:
        yield
    except MnistError as error:
        st.error(plain(str(error)))
