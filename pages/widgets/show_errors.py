"""Shows the package's errors on the page, where the rest of the page still works."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from mnist_core import MnistError


@contextmanager
def show_errors() -> Iterator[None]:
    """Show an `MnistError` in this block as a message and continue after the block."""
    try:
        yield
    except MnistError as error:
        st.error(str(error))
