"""How the running training goes, and what came of it."""

import time

import streamlit as st

from mnist_core import MnistError, list_models
from mnist_core.charts import training_curves
from mnist_core.runs import jobs
from mnist_core.runs.progress import Progress, follow
from mnist_core.runs.run import Run
from mnist_core.runs.store import find_run, list_runs
from pages.widgets import model_picker

_WATCHED = "training_watched"
# In the page's address as well, so that it is found again when the page is loaded again.
_ADDRESS = "run"
# What the watched run did when the whole page was last shown.
_STATE = "training_state"
# A run that does not stop by itself can be ended after so many seconds.
_PATIENCE = 5.0


def watch(run_id: str) -> None:
    """Show this run from now on."""
    st.session_state[_WATCHED] = run_id
    st.query_params[_ADDRESS] = run_id


def show() -> None:
    """The run that this visitor watches: the one that was chosen, else the one that goes on."""
    run = _watched()
    if run is None:
        st.caption("No training is going on. Start one below.")
        # Another visitor may start one.
        _look_out()
        return
    st.session_state[_STATE] = run.state
    if run.is_active:
        _follow(run)
    else:
        _ended(run)


def _watched() -> Run | None:
    try:
        known = st.session_state.get(_WATCHED, st.query_params.get(_ADDRESS, ""))
        run = find_run(known)
    except MnistError:
        run = None
    if run is None or not run.is_active:
        going = [other for other in list_runs() if other.is_active]
        # The one that computes comes before those that wait.
        going.sort(key=lambda other: (other.state == "queued", other.process.ticket))
        if going and run is None:
            run = going[0]
            watch(run.id)
    return run


@st.fragment(run_every=3)
def _look_out() -> None:
    if any(run.is_active for run in list_runs()):
        st.rerun()


@st.fragment(run_every=1)
def _follow(run: Run) -> None:
    """A run that goes on, every second anew."""
    state = run.state
    if state != st.session_state[_STATE]:
        # The table of runs has it too; at the end, the sidebar has a model more.
        st.rerun()
    config = run.config
    st.subheader(f"Training {config.name}")
    progress = follow(run.events(), config.batch_size)
    keep = run.stop_requested
    if state == "queued":
        text = "Waiting for another training to end"
    elif keep is not None and state == "running":
        text = "Stopping"
    else:
        text = progress.text
    st.progress(progress.share, text)
    st.caption(_pace(progress, state))
    with st.container(horizontal=True):
        _cancel_buttons(run, possible=keep is None and state != "saving")
        if keep is not None and time.time() - _asked(run) > _PATIENCE and state != "saving":
            st.button("End it at once", on_click=jobs.kill, args=(run,), key="train_end")
    _curves(progress)
    _others(run)


def _cancel_buttons(run: Run, *, possible: bool) -> None:
    # Always in the same place: a page that moves while one aims is no help.
    st.button(
        "Stop and keep",
        icon=":material/stop:",
        key="train_keep",
        help="Stop, and save what was learnt up to the last whole epoch as the model.",
        disabled=not possible or not run.epochs_done,
        on_click=jobs.cancel,
        args=(run,),
    )
    st.button(
        "Cancel",
        icon=":material/close:",
        key="train_cancel",
        help="Stop without a model. The run can be resumed after its last whole epoch.",
        disabled=not possible,
        on_click=jobs.cancel,
        args=(run,),
        kwargs={"keep": False},
    )


def _asked(run: Run) -> float:
    try:
        return (run.folder / "request.json").stat().st_mtime
    except OSError:
        return time.time()


def _pace(progress: Progress, state: str) -> str:
    if state != "running" or not progress.images_per_second:
        return "&nbsp;"
    parts = [f"{progress.images_per_second:,.0f} images a second"]
    if progress.seconds_left is not None:
        parts.append(f"{_duration(progress.seconds_left)} left at most")
    return " · ".join(parts)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def _curves(progress: Progress) -> None:
    if progress.training:
        st.plotly_chart(
            training_curves(progress.training, progress.validation),
            key="training_curves",
            config={"displayModeBar": False},
            alt="Accuracy and loss during the training, so far.",
        )


def _others(run: Run) -> None:
    waiting = [other for other in list_runs() if other.is_active and other.id != run.id]
    if waiting:
        names = ", ".join(f"{other.config.name} ({other.state})" for other in waiting)
        st.caption(f"Besides: {names}.")


def _ended(run: Run) -> None:
    """What came of a run."""
    outcome, state = run.outcome, run.state
    try:
        config = run.config
    except MnistError as error:
        st.error(str(error))
        return
    st.subheader(f"Training {config.name}: {state}")
    if outcome and outcome.card:
        card = outcome.card
        low, high = card.test_interval
        st.success(
            f"**{card.test_accuracy:.2%}** of the 10,000 MNIST test images are read rightly "
            f"(95 % interval {low:.2%} to {high:.2%}), after {card.epochs} "
            f"epoch{'s' * (card.epochs != 1)} in {_duration(card.training_seconds)}."
        )
        _compare(card.name)
    elif state == "done":
        st.info(f"{outcome.text if outcome else ''} It left no model.")
    if state == "failed":
        st.error(f"The training failed. {outcome.text if outcome else ''}")
    elif state == "cancelled":
        st.info(outcome.text if outcome else "")
    elif state == "interrupted":
        st.warning(
            "The process ended without a word: it was killed, or the computer stopped. "
            f"{run.epochs_done} epochs are kept; the run can go on after them."
        )
    if state in ("failed", "interrupted") and (end := run.log_end()):
        with st.expander("End of its log"):
            st.code(end, language=None)
    with st.container(horizontal=True):
        if (
            outcome
            and outcome.card
            and _is_there(outcome.card.name)
            and st.button(
                "Use it now",
                type="primary",
                icon=":material/draw:",
                key="train_use",
                help="Let this model read on all pages: it is chosen in the sidebar.",
                on_click=model_picker.use,
                args=(outcome.card.name,),
            )
        ):
            st.toast(f"{outcome.card.name} reads from now on.")
        if state != "done":
            resume_button(run, "train_resume")
        st.button("Close", key="train_close", on_click=_close)
    _curves(follow(run.events(), config.batch_size))


def resume_button(run: Run, key: str) -> None:
    """A button that lets a run go on."""
    if st.button(
        "Resume",
        icon=":material/resume:",
        key=key,
        help=f"Go on after epoch {run.epochs_done}." if run.epochs_done else "Begin again.",
    ):
        try:
            jobs.resume(run)
        except MnistError as error:
            st.error(str(error))
            return
        watch(run.id)
        st.rerun()


def _compare(name: str) -> None:
    cards = sorted(list_models(), key=lambda card: -card.test_accuracy)
    st.dataframe(
        {
            "model": [f"{card.name} ← new" if card.name == name else card.name for card in cards],
            "MNIST test": [card.test_accuracy for card in cards],
            "parameters": [card.parameters for card in cards],
            "trained in (s)": [card.training_seconds for card in cards],
        },
        column_config={
            "MNIST test": st.column_config.NumberColumn(format="percent"),
            "parameters": st.column_config.NumberColumn(format="localized"),
        },
        hide_index=True,
    )


def _is_there(name: str) -> bool:
    return any(card.name == name for card in list_models())


def _close() -> None:
    watch("")
