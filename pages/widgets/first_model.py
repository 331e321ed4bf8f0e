"""Shown while there is no model: a quick one is trained automatically, with live progress."""

import streamlit as st

from mnist_core import MnistError, TrainingConfig, TrainingError
from mnist_core.charts import training_curves
from mnist_core.charts.captions.training import describe_training_curves
from mnist_core.networks.architectures import get_architecture
from mnist_core.registry.store import list_models
from mnist_core.runs import jobs
from mnist_core.runs.progress import follow
from mnist_core.runs.run import Run
from mnist_core.runs.store import find_run, list_runs
from mnist_core.storage.paths import models_directory
from pages.widgets.appearance import show_title
from pages.widgets.charts import show_caption

_RUN = "first_run"


def show() -> None:
    """Train the quick model, and rerun the app when it is ready."""
    show_title("Training the first model")
    st.write(
        "There is no model yet, so a small one is being trained on 55,000 handwritten digits. "
        "This takes about half a minute and happens only once."
    )
    with st.container(key="training_status"):
        _watch()


@st.fragment(run_every=0.5)
def _watch() -> None:
    try:
        run = _find_or_start()
    except MnistError as error:
        _show_failure(str(error))
        return
    state = run.state
    if state == "done" and list_models():
        del st.session_state[_RUN]
        st.rerun()
    if not run.is_active and state != "done":
        outcome = run.outcome
        _show_failure((outcome.text if outcome else "") or run.log_end() or "Its process ended.")
        return
    progress = follow(run.events())
    st.progress(progress.share, progress.text)
    st.plotly_chart(
        training_curves(progress.training, progress.validation),
        key="training_curves",
        alt="Accuracy and loss during the training, so far.",
    )
    if progress.training:
        show_caption(describe_training_curves(progress.training, progress.validation))


def _find_or_start() -> Run:
    """The training that this visitor watches: one shared by all visitors and servers.

    Raises:
        TrainingError: it cannot be started.
    """
    state = st.session_state
    if _RUN not in state:
        run = _active_run()
        try:
            run = run or jobs.start(_quick_training())
        except TrainingError:
            # Another visitor may have started it at the same moment.
            run = _active_run()
            if run is None:
                raise
        state[_RUN] = run.id
    return find_run(state[_RUN])


def _quick_training() -> TrainingConfig:
    return TrainingConfig(architecture="cnn", overwrite=True, **get_architecture("cnn").quick)


def _active_run() -> Run | None:
    models = models_directory().absolute()
    return next((run for run in list_runs() if run.is_active and run.models == models), None)


def _show_failure(reason: str) -> None:
    st.error("The training ended without a model.")
    st.code(reason, language=None)
    if st.button("Try again", icon=":material/refresh:", help="Start the training again."):
        st.session_state.pop(_RUN, None)
        st.rerun()
