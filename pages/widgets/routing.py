"""Makes a page's own address, such as /webcam, work for a server's first visitor.

Until some run has called `st.navigation`, Streamlit treats `pages/` as its older kind of multipage
app: it runs the page's file alone, without `app.py`.
"""

import runpy
from collections.abc import Callable
from pathlib import Path

import streamlit as st

_APP = Path(__file__).resolve().parents[2] / "app.py"


def begin() -> None:
    """Mark this session as routed; `app.py` calls it."""
    st.session_state["routed"] = True


def run(page: Callable[[], None]) -> None:
    """Run a page, through `app.py` if Streamlit has skipped that."""
    if "routed" in st.session_state:
        page()
    else:
        runpy.run_path(str(_APP), run_name="__main__")
