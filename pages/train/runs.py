"""The trainings of the past, in a table; their curves side by side."""

import streamlit as st

from mnist_core import MnistError
from mnist_core.charts import compared_curves
from mnist_core.runs.progress import follow
from mnist_core.runs.run import Run
from mnist_core.runs.store import list_runs
from pages.train import watch

_SHOWN = 200


def show() -> None:
    """The table, and what can be done with the rows that are chosen."""
    runs = list_runs()[:_SHOWN]
    if not runs:
        return
    st.subheader("Runs")
    rows = [_row(run) for run in runs]
    chosen = st.dataframe(
        rows,
        hide_index=True,
        key="runs",
        on_select="rerun",
        selection_mode="multi-row",
        height=min(36 * (len(rows) + 1), 300),
        column_config={
            "began": st.column_config.DatetimeColumn(format="D MMM, HH:mm"),
            "note": st.column_config.TextColumn(help="Why it failed, or was cancelled."),
        },
    )["selection"]["rows"]
    # The table may have become shorter since.
    selected = [runs[row] for row in chosen if row < len(runs)]
    if not selected:
        st.caption("Choose rows to compare their curves, to resume a run, or to remove it.")
        return
    curves = {run.id: follow(run.events()).validation for run in selected}
    st.plotly_chart(
        compared_curves(curves),
        key="compared_curves",
        config={"displayModeBar": False},
        alt="Accuracy and loss on the held-out images of the chosen runs.",
    )
    with st.container(horizontal=True):
        if len(selected) == 1 and not selected[0].is_active and selected[0].state != "done":
            watch.resume_button(selected[0], "runs_resume")
        if len(selected) == 1 and st.button("Show", key="runs_show", icon=":material/visibility:"):
            watch.watch(selected[0].id)
            st.rerun()
        if st.button(
            "Remove",
            key="runs_remove",
            icon=":material/delete:",
            help="Remove the runs and their curves. Their models stay.",
        ):
            _remove(selected)


def _remove(runs: list[Run]) -> None:
    try:
        for run in runs:
            run.delete()
    except MnistError as error:
        st.error(str(error))
        return
    del st.session_state["runs"]
    st.rerun()


def _note(run: Run) -> str:
    """Why it ended as it did, in a line."""
    if run.state == "interrupted":
        return "The process ended without a word; it can be resumed."
    return " ".join(run.outcome.text.split()) if run.outcome else ""


def _row(run: Run) -> dict[str, object]:
    outcome = run.outcome
    card = outcome.card if outcome else None
    try:
        config = run.config
        name, kind, epochs = config.name, config.architecture, config.epochs
    except MnistError:
        name, kind, epochs = "damaged", "?", None
    done = card.epochs if card else run.epochs_done
    trial = outcome.validation_accuracy if outcome else None
    held_out = card.validation_accuracy if card else trial
    if trial is not None:  # its checkpoints are gone
        done = len(follow(run.events()).validation)
    return {
        "model": name,
        "network": kind,
        "state": run.state,
        "epochs": f"{done} of {epochs}",
        "MNIST test": f"{card.test_accuracy:.2%}" if card else "",
        "held out": "" if held_out is None else f"{held_out:.2%}",
        "began": run.created,
        "note": _note(run),
    }
