"""The watched run: its progress, then its result."""

import time

import streamlit as st

from mnist_core import MnistError, ModelCard, list_models
from mnist_core.charts import training_curves
from mnist_core.charts.captions.training import describe_training_curves
from mnist_core.runs import jobs
from mnist_core.runs.progress import Progress, follow
from mnist_core.runs.run import ACTIVE, Run
from mnist_core.runs.store import find_run, list_runs
from pages.train.availability import training_problem
from pages.widgets import model_picker, rights
from pages.widgets.charts import show_caption
from pages.widgets.show_errors import plain, show_errors

_WATCHED = "training_watched"
# The run is in the page's address, too, so that a reload shows it again.
_ADDRESS = "run"
# State of the watched run when the whole page was last shown.
_STATE = "training_state"
# How long a run may take to stop before the page offers to kill it, s.
_PATIENCE = 5.0


def watch(run_id: str) -> None:
    """Show this run from now on."""
    st.session_state[_WATCHED] = run_id
    st.query_params[_ADDRESS] = run_id


def show() -> None:
    """Show the run that this visitor watches, or the active one."""
    run = _watched_run()
    if run is None:
        invitation = "" if training_problem() else " Start one below."
        st.caption(f"No training is running.{invitation}")
        _wait_for_run()
        return
    st.session_state[_STATE] = run.state
    if run.is_active:
        _show_progress(run)
    else:
        _show_result(run)


def _watched_run() -> Run | None:
    try:
        return find_run(st.session_state.get(_WATCHED, st.query_params.get(_ADDRESS, "")))
    except MnistError:
        active = [run for run in list_runs() if run.is_active]
    if not active:
        return None
    # A run that computes comes before those in the queue.
    run = min(active, key=lambda run: (run.state == "queued", run.process.ticket))
    watch(run.id)
    return run


@st.fragment(run_every=3)
def _wait_for_run() -> None:
    # Another visitor may start one.
    if any(run.is_active for run in list_runs()):
        st.rerun()


@st.fragment(run_every=1)
def _show_progress(run: Run) -> None:
    state = run.state
    if state != st.session_state[_STATE]:
        # The table of runs shows the state, too, and the sidebar lists a new model.
        st.rerun()
    config = run.config
    st.header(f"Training {config.name}")
    progress = follow(run.events(), config.batch_size)
    stopping = run.stop_requested is not None
    allowed = rights.may_change_run(run)
    if state == "queued":
        text = "Waiting for another training to finish"
    elif stopping and state == "running":
        text = "Stopping"
    else:
        text = progress.text
    st.progress(progress.share, text)
    st.caption(_speed(progress) if state == "running" else "&nbsp;")
    with st.container(horizontal=True):
        _show_stop_buttons(run, disabled=stopping or state == "saving", allowed=allowed)
        if (
            stopping
            and time.time() - _requested_at(run) > _PATIENCE
            and allowed
            and state != "saving"
        ):
            st.button(
                "Force stop",
                on_click=_kill,
                args=(run,),
                key="train_end",
                help="Ends the process at once. The run can be resumed.",
            )
    _show_curves(progress)
    others = [other for other in list_runs() if other.is_active and other.id != run.id]
    if others:
        names = ", ".join(f"{other.id} ({other.state})" for other in others)
        st.caption(f"Other active runs: {plain(names)}.")


def _show_stop_buttons(run: Run, *, disabled: bool, allowed: bool) -> None:
    reason = "" if allowed else rights.change_refusal()
    # Disabled rather than hidden: buttons must not move while the user aims at one.
    st.button(
        "Stop and save",
        icon=":material/stop:",
        key="train_keep",
        help=reason or "Stop, and save the model of the last complete epoch.",
        disabled=disabled or not allowed or not run.epochs_done,
        on_click=_cancel,
        args=(run,),
    )
    st.button(
        "Cancel",
        icon=":material/close:",
        key="train_cancel",
        help=reason
        or "Stop without saving a model. The run can be resumed after its last complete epoch.",
        disabled=disabled or not allowed,
        on_click=_cancel,
        args=(run,),
        kwargs={"keep": False},
    )


# The page may be old, or a program in its place: the rights are checked again.
def _cancel(run: Run, *, keep: bool = True) -> None:
    if rights.may_change_run(run):
        jobs.cancel(run, keep=keep)


def _kill(run: Run) -> None:
    if rights.may_change_run(run):
        with show_errors():
            jobs.kill(run)


def _requested_at(run: Run) -> float:
    """When the run was asked to stop."""
    try:
        return (run.folder / "request.json").stat().st_mtime
    except OSError:
        return time.time()


def _speed(progress: Progress) -> str:
    if not progress.images_per_second:
        return "&nbsp;"
    text = f"{progress.images_per_second:,.0f} images/s"
    if progress.seconds_left is not None:
        text += f" · at most {_duration(progress.seconds_left)} left"
    return text


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def _show_curves(progress: Progress) -> None:
    if progress.training:
        st.plotly_chart(
            training_curves(progress.training, progress.validation),
            key="training_curves",
            config={"displayModeBar": False},
            alt="Training curves so far: accuracy and loss.",
        )
        show_caption(describe_training_curves(progress.training, progress.validation))


def _show_result(run: Run) -> None:
    outcome, state = run.outcome, run.state
    card, text = (outcome.card, outcome.text) if outcome else (None, "")
    try:
        config = run.config
    except MnistError as error:
        st.error(plain(str(error)))
        return
    st.header(f"Training {config.name}: {state}")
    if card:
        _show_accuracy(card)
    elif state == "done":
        st.info(f"{plain(text)} No model was saved.")
    if state == "failed":
        st.error(f"The training failed. {plain(text)}")
    elif state == "cancelled":
        st.info(plain(text))
    elif state == "interrupted":
        st.warning(
            "The process was killed, or the computer shut down. "
            f"{run.epochs_done} complete epochs are saved; the run can be resumed after them."
        )
    if state in ("failed", "interrupted") and (end := run.log_end()):
        with st.expander("End of the log"):
            st.code(end, language=None)
    with st.container(horizontal=True):
        if card and any(other.name == card.name for other in list_models()):
            _show_use_button(card.name)
        if may_resume(run):
            resume_button(run, "train_resume")
        st.button(
            "Close",
            key="train_close",
            on_click=watch,
            args=("",),
            help="Hide this result; the run stays in the table below.",
        )
    _show_curves(follow(run.events(), config.batch_size))


def _show_accuracy(new: ModelCard) -> None:
    """Show the new model's accuracy and a table of all models."""
    low, high = new.test_interval
    st.success(
        f"MNIST test accuracy **{new.test_accuracy:.2%}** (95% CI {low:.2%} to {high:.2%}) after "
        f"{new.epochs} epoch{'s' * (new.epochs != 1)} in {_duration(new.training_seconds)}."
    )
    cards = sorted(list_models(), key=lambda card: -card.test_accuracy)
    st.dataframe(
        {
            "model": [
                f"{card.name} ← new" if card.name == new.name else card.name for card in cards
            ],
            "MNIST test": [card.test_accuracy for card in cards],
            "parameters": [card.parameters for card in cards],
            "training time (s)": [card.training_seconds for card in cards],
        },
        column_config={
            "MNIST test": st.column_config.NumberColumn(format="percent"),
            "parameters": st.column_config.NumberColumn(format="localized"),
        },
        hide_index=True,
    )


def _show_use_button(name: str) -> None:
    if st.button(
        "Use this model",
        type="primary",
        icon=":material/draw:",
        key="train_use",
        help="Select it in the sidebar for all pages.",
        on_click=model_picker.use,
        args=(name,),
    ):
        st.toast(f"{name} is now in use.")


def may_resume(run: Run) -> bool:
    """True for a run that has stopped before its end; a trial is resumed by its search."""
    return run.state not in (*ACTIVE, "done") and run.search is None


def resume_button(run: Run, key: str) -> None:
    """Show a button that resumes a stopped run and watches it."""
    epochs = run.epochs_done
    help_text = f"Continue after epoch {epochs}." if epochs else "Start from the beginning."
    reason = training_problem()
    if st.button(
        "Resume",
        icon=":material/resume:",
        key=key,
        help=reason or help_text,
        disabled=bool(reason),
    ):
        with show_errors():
            rights.check_start()
            jobs.resume(run)
            rights.own(run)
            watch(run.id)
            st.rerun()
