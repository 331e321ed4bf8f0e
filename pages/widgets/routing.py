"""A page's own address works on a server that nobody has visited yet.

Until some visitor's run has called `st.navigation`, Streamlit takes `pages/` for its older kind of
multipage app: an address such as /webcam then runs that file alone, without `app.py`.
"""

import runpy
from collections.abc import Callable
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_APP = Path(__file__).resolve().parents[2] / "app.py"
_ROUTED = "routed"


def begin() -> None:
    """Called by `app.py`: from here on pages run as its pages."""
    st.session_state[_ROUTED] = True


def run(page: Callable[[], None]) -> None:
    """Run a page, by way of `app.py` if it was to be left out."""
    context = get_script_run_ctx()
    of_the_app = context is not None and Path(context.main_script_path).resolve() == _APP
    if of_the_app and _ROUTED not in st.session_state:
        runpy.run_path(str(_APP), run_name="__main__")
    else:
        page()
