"""Who may stop, rename and delete what, how much a visitor may start, and when the disk is full.

A visitor may change what was started on the visitor's own page. Who opens the app on the machine
that runs it, directly, may change everything; `$MNIST_CONTROL=all` allows that to everybody.
"""

import os
import shutil
from pathlib import Path

import streamlit as st

from mnist_core import MnistError, TrainingError
from mnist_core.errors import require_choice
from mnist_core.runs.run import Run
from mnist_core.runs.store import find_run, list_runs
from mnist_core.storage.paths import models_directory, runs_directory

__all__ = ["check_start", "is_local", "may_change_model", "may_change_run", "own", "own_model"]

VARIABLE = "MNIST_CONTROL"
# So many active runs a visitor may have, and all together: a waiting one is a process of 58 MB.
OWN_RUNS, ALL_RUNS = 3, 30
# Room for 30 runs, each with a model (5.3 MB for the largest), checkpoints and logs, and some more.
FREE_BYTES = 1_000_000_000
# A proxy on this machine makes distant visitors look local; these headers tell of it.
_PROXY_HEADERS = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip")
_RUNS, _MODELS = "own_runs", "own_models"


def is_local() -> bool:
    """Does the visitor's browser run on this machine?"""
    headers = st.context.headers
    return st.context.ip_address is None and not any(name in headers for name in _PROXY_HEADERS)


def own(run: Run) -> None:
    """Remember that this visitor has started this run."""
    st.session_state.setdefault(_RUNS, set()).add(run.id)


def own_model(name: str) -> None:
    """Remember that this model is this visitor's, under a new name."""
    st.session_state.setdefault(_MODELS, set()).add(name)


def may_change_run(run: Run) -> bool:
    """May this visitor stop and delete this run?"""
    return _controls_all() or run.id in st.session_state.get(_RUNS, ())


def may_change_model(name: str) -> bool:
    """May this visitor rename, replace and delete this model?"""
    state = st.session_state
    if _controls_all() or name in state.get(_MODELS, ()):
        return True
    for run_id in state.get(_RUNS, ()):
        try:
            run = find_run(run_id)
            if run.config.name == name and run.has_own_model():
                return True
        except MnistError:
            continue
    return False


def check_start() -> None:
    """Check that this visitor may start a training now.

    Raises:
        TrainingError: there are too many, or the disk is nearly full.
    """
    active = [run for run in list_runs() if run.is_active]
    own_runs = st.session_state.get(_RUNS, ())
    if not is_local() and sum(run.id in own_runs for run in active) >= OWN_RUNS:
        raise TrainingError(
            f"You may have {OWN_RUNS} trainings at a time. Wait until one ends, or cancel one."
        )
    if len(active) >= ALL_RUNS:
        raise TrainingError(f"{len(active)} trainings are waiting. Wait until some have ended.")
    for folder in (runs_directory(), models_directory()):
        if (free := _free(folder)) < FREE_BYTES:
            raise TrainingError(
                f"The disk is nearly full: {free / 1e9:.1f} GB are free. Delete runs or models, or "
                f"make room. Received: {folder}"
            )


def _free(folder: Path) -> int:
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _controls_all() -> bool:
    value = os.environ.get(VARIABLE) or "own"
    require_choice(f"The environment's ${VARIABLE}", value, ("own", "all"))
    return value == "all" or is_local()
