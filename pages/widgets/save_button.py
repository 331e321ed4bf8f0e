"""A button that makes a file when it is pressed, and saves it in the visitor's browser.

It is no `st.download_button`: what such a one makes when pressed belongs to no session (Streamlit
1.67), and is thrown away at the second renewal of any visitor's page, fetched or not. Where thirty
people watch trainings, that is a moment later.

The file is made in a thread: the page can be used in the meantime, and no click cuts it off.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

import streamlit as st

from mnist_core import MnistError
from pages.widgets import browser

__all__ = ["save_button"]

# So long a press waits for its file by itself, and so often it is looked after then, in seconds.
_AT_ONCE, _LOOK = 0.5, 1.0
_POOL = ThreadPoolExecutor(thread_name_prefix="file")
# Of a button: what was made, when (in milliseconds, which JavaScript can count), its name and type.
_Files = dict[str, "Future[tuple[bytes | None, int, str, str]]"]


def save_button(
    label: str,
    make: Callable[[], bytes | None],
    file_name: str,
    mime: str = "application/octet-stream",
    *,
    key: str,
    icon: str,
    help: str | None = None,
    nothing: str = "There is nothing to save.",
) -> None:
    """Show such a button.

    Args:
        label: what it says.
        make: makes the file's bytes, in a thread without a page; None if there is nothing to save.
        file_name: what the file is called.
        mime: its type.
        key: Streamlit's, of the button.
        icon: Streamlit's.
        help: shown while the pointer rests on the button.
        nothing: what to say then.
    """
    # A fragment is as wide as it can be; beside other buttons it is to be as wide as it must.
    with st.container(width="content"):
        _saving(label, make, file_name, mime, key, icon, help, nothing)


@st.fragment
def _saving(
    label: str,
    make: Callable[[], bytes | None],
    file_name: str,
    mime: str,
    key: str,
    icon: str,
    help: str | None,
    nothing: str,
) -> None:
    files: _Files = st.session_state.setdefault(f"{key}_files", {})
    if st.button(label, icon=icon, key=key, help=help):
        # The page may be about something else when it is there.
        files["made"] = _POOL.submit(lambda: (make(), time.time_ns() // 1_000_000, file_name, mime))
    if "made" not in files:
        return
    wait([files["made"]], _AT_ONCE)
    if not files["made"].done():
        st.caption(":material/hourglass_empty: Making the file …")
        st.fragment(_look_after, run_every=_LOOK)(files)
        return
    try:
        content, number, name, kind = files["made"].result()
    except (MnistError, OSError) as error:
        files.clear()
        st.error(f"It could not be made: {error}")
        return
    if content is None:
        files.clear()
        st.toast(nothing)
        return
    browser.save(number, name, kind, content, key=f"{key}_save", on_saved=files.clear)


def _look_after(files: _Files) -> None:
    """Draw the page anew once the file is made, which also ends the looking."""
    if "made" not in files or files["made"].done():
        st.rerun()
