"""Whether this visitor can train on this server."""

import streamlit as st

from mnist_core.networks.packages import tensorflow_problem
from mnist_core.storage import limits
from mnist_core.storage.paths import models_directory, runs_directory
from pages.widgets import login, rights
from pages.widgets.rights import Action
from pages.widgets.show_errors import plain

__all__ = ["show_free_space", "show_problem", "training_problem"]


def training_problem() -> str:
    """Why this visitor cannot train, and what to do; "" if it is possible."""
    return rights.refusal(Action.TRAIN) or tensorflow_problem("Training")


def show_free_space() -> None:
    """Say that the disk is nearly full before it is."""
    free = min(map(limits.free_bytes, (runs_directory(), models_directory())))
    if free < 2 * limits.FREE_BYTES:
        st.warning(
            f"**The disk is nearly full: {free / 1e9:.1f} GB are free.** Below "
            f"{limits.FREE_BYTES / 1e9:g} GB, no training starts. Delete runs or models, or make "
            "room.",
            icon=":material/hard_drive:",
        )


def show_problem() -> None:
    """Show why this visitor cannot train, or soon cannot; nothing if it is possible."""
    show_free_space()
    if not login.show_refusal(Action.TRAIN) and (problem := tensorflow_problem("Training")):
        st.info(plain(problem), icon=":material/download:")
