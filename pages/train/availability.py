"""Whether this visitor can train on this server."""

import streamlit as st

from mnist_core.networks.packages import tensorflow_problem
from pages.widgets import login, rights
from pages.widgets.rights import Action
from pages.widgets.show_errors import plain

__all__ = ["show_problem", "training_problem"]


def training_problem() -> str:
    """Why this visitor cannot train, and what to do; "" if it is possible."""
    return rights.refusal(Action.TRAIN) or tensorflow_problem("Training")


def show_problem() -> None:
    """Show why this visitor cannot train; nothing if it is possible."""
    if not login.show_refusal(Action.TRAIN) and (problem := tensorflow_problem("Training")):
        st.info(plain(problem), icon=":material/download:")
