"""A button that creates a file when pressed and saves it in the visitor's browser.

A file that `st.download_button` creates when pressed belongs to no session (Streamlit 1.67): it is
deleted at the second rerun of any visitor's page, downloaded or not. With thirty people watching
trainings, that is a moment later.

The file is created in a thread: the page stays usable, and no click interrupts it.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

import streamlit as st

from mnist_core import MnistError
from pages.widgets import browser
from pages.widgets.show_errors import plain

__all__ = ["save_button"]

# In seconds: how long a press waits for its file, and how often it is checked after that.
_WAIT, _INTERVAL = 0.5, 1.0
_POOL = ThreadPoolExecutor(thread_name_prefix="file")
# For a button: the file's content, its time in milliseconds (which JavaScript can count), name and
# MIME type.
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
    """Show a button like `st.button` that saves a file.

    `make` runs in a thread without a page. It returns the content of the file, or None, which shows
    the message `nothing`.
    """

    @st.fragment
    def show() -> None:
        files: _Files = st.session_state.setdefault(f"{key}_files", {})
        if st.button(label, icon=icon, key=key, help=help):
            # The name and type belong to this press: the page may have changed when it is done.
            files["file"] = _POOL.submit(
                lambda: (make(), time.time_ns() // 1_000_000, file_name, mime)
            )
        if "file" not in files:
            return
        wait([files["file"]], _WAIT)
        if not files["file"].done():
            st.caption(":material/hourglass_empty: Creating the file …")
            st.fragment(_check, run_every=_INTERVAL)(files)
            return
        try:
            content, number, name, kind = files["file"].result()
        except (MnistError, OSError) as error:
            files.clear()
            st.error(f"The file could not be created: {plain(str(error))}")
            return
        if content is None:
            files.clear()
            st.toast(nothing)
            return
        browser.save_file(number, name, kind, content, key=f"{key}_save", on_saved=files.clear)

    # A fragment takes the full width; beside other buttons it must be as narrow as its content.
    with st.container(width="content"):
        show()


def _check(files: _Files) -> None:
    """Rerun the page once the file is done, which also ends the checks."""
    if "file" not in files or files["file"].done():
        st.rerun()
