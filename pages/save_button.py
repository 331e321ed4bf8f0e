"""A button that makes a file when it is pressed, and saves it in the visitor's browser.

It is no `st.download_button`: what such a one makes when pressed belongs to no session (Streamlit
1.67), and is thrown away at the second renewal of any visitor's page, fetched or not. Where thirty
people watch trainings, that is a moment later.
"""

import time
from collections.abc import Callable

import streamlit as st

from mnist_core import MnistError
from pages import client

__all__ = ["save_button"]


def save_button(
    label: str,
    make: Callable[[], bytes | None],
    file_name: str,
    mime: str = "application/octet-stream",
    *,
    key: str,
    icon: str,
    help: str | None = None,
) -> None:
    """Show such a button.

    Args:
        label: what it says.
        make: makes the file's bytes; None if there is nothing to save, of which it has told.
        file_name: what the file is called.
        mime: its type.
        key: Streamlit's, of the button.
        icon: Streamlit's.
        help: shown while the pointer rests on the button.
    """
    # A fragment is as wide as it can be; beside other buttons it is to be as wide as it must.
    with st.container(width="content"):
        _saving(label, make, file_name, mime, key, icon, help)


@st.fragment
def _saving(
    label: str,
    make: Callable[[], bytes | None],
    file_name: str,
    mime: str,
    key: str,
    icon: str,
    help: str | None,
) -> None:
    # A run that another one cuts off cannot write into the session's state any more: what took
    # minutes to make would be lost. A list that lies there already takes it, and the next run sends
    # it.
    made: list[tuple[int, str, str, bytes]] = st.session_state.setdefault(f"{key}_made", [])
    if st.button(label, icon=icon, key=key, help=help):
        made.clear()
        try:
            with st.spinner("Making the file …"):
                content = make()
                if content is not None:
                    # The time in milliseconds, which JavaScript can count.
                    made.append((time.time_ns() // 1_000_000, file_name, mime, content))
        except (MnistError, OSError) as error:
            st.error(f"It could not be made: {error}")
    if made:
        client.save(*made[0], key=f"{key}_save", on_saved=made.clear)
