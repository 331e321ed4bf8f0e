"""Shown while there is no model: the quick one is trained by itself, before everyone's eyes."""

import streamlit as st

from mnist_core import MnistError, TrainingConfig, TrainingError
from mnist_core.charts import training_curves
from mnist_core.registry.store import list_models
from mnist_core.runs import jobs
from mnist_core.runs.progress import follow
from mnist_core.runs.run import Run
from mnist_core.runs.store import find_run, list_runs
from mnist_core.storage.paths import models_directory

_RUN = "first_run"


def show() -> None:
    """Train the quick model and go on to the pages when it is there."""
    st.title("Training the first model")
    st.write(
        "There is no model yet, so a small one learns from 55,000 handwritten digits now. "
        "This takes about half a minute, once."
    )
    with st.container(key="training_status"):
        _watch()


@st.fragment(run_every=0.5)
def _watch() -> None:
    try:
        run = _run()
    except MnistError as error:
        _explain(str(error))
        return
    state = run.state
    if state == "done" and list_models():
        del st.session_state[_RUN]
        st.rerun()
    if not run.is_active and state != "done":
        outcome = run.outcome
        _explain((outcome.text if outcome else "") or run.log_end() or "Its process was ended.")
        return
    progress = follow(run.events())
    st.progress(progress.share, progress.text)
    st.plotly_chart(
        training_curves(progress.training, progress.validation),
        key="training_curves",
        alt="Accuracy and loss during the training, so far.",
    )


def _run() -> Run:
    """The training that this visitor watches: the one that goes on, or a new one.

    Raises:
        TrainingError: it cannot be started.
    """
    state = st.session_state
    if _RUN not in state:
        # One for all visitors and all servers, however many come while it runs.
        going = _going()
        try:
            run = going or jobs.start(TrainingConfig(architecture="mlp", overwrite=True))
        except TrainingError:
            # Another visitor may have come at the same moment, and was first.
            run = _going()
            if run is None:
                raise
        state[_RUN] = run.id
    return find_run(state[_RUN])


def _going() -> Run | None:
    models = models_directory().absolute()
    return next((run for run in list_runs() if run.is_active and run.models == models), None)


def _explain(reason: str) -> None:
    st.error(f"The training ended without a model.\n\n```\n{reason}\n```")
    if st.button("Try again", icon=":material/refresh:"):
        st.session_state.pop(_RUN, None)
        st.rerun()
