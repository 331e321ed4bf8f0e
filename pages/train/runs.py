"""The table of runs, and the training curves of the selected ones."""

import streamlit as st

from mnist_core import MnistError
from mnist_core.charts import compared_curves
from mnist_core.charts.captions.training import describe_compared_curves
from mnist_core.networks.blocks.network import name_network
from mnist_core.runs.progress import follow
from mnist_core.runs.run import Run
from mnist_core.runs.store import list_runs
from pages.train import searches, watch
from pages.widgets import rights
from pages.widgets.charts import show_caption
from pages.widgets.show_errors import show_errors

_SHOWN = 200
# The network of a run whose settings are damaged.
_UNKNOWN = "?"


def show() -> None:
    """Show the table and the actions for the selected rows."""
    runs = list_runs()[:_SHOWN]
    st.header("Runs")
    if not runs:
        st.info("No runs yet. Press *Start* above: each training is listed here with its curves.")
        return
    rows = st.dataframe(
        [_row(run) for run in runs],
        hide_index=True,
        key="runs",
        on_select="rerun",
        selection_mode="multi-row",
        height=min(36 * (len(runs) + 1), 300),
        column_config={
            "started": st.column_config.DatetimeColumn(format="D MMM, HH:mm"),
            "note": st.column_config.TextColumn(help="Why the run failed or was cancelled."),
        },
    )["selection"]["rows"]
    # The table may have become shorter since the rows were selected.
    selected = [runs[row] for row in rows if row < len(runs)]
    if selected:
        _show_selected(selected)
    else:
        st.caption("Select rows to compare their curves, or to resume or delete a run.")
    searches.show(list(dict.fromkeys(name for run in runs if (name := run.search))))


def _show_selected(selected: list[Run]) -> None:
    """Show the curves of the selected runs, and what can be done with them."""
    curves = {run.id: follow(run.events()).validation for run in selected}
    st.plotly_chart(
        compared_curves(curves),
        key="compared_curves",
        config={"displayModeBar": False},
        alt="Validation accuracy and loss of the selected runs.",
    )
    show_caption(describe_compared_curves(curves))
    with st.container(horizontal=True):
        if len(selected) == 1:
            (run,) = selected
            if watch.may_resume(run) and rights.may_change_run(run):
                watch.resume_button(run, "runs_resume")
            if st.button(
                "Show",
                key="runs_show",
                icon=":material/visibility:",
                help="Show this run at the top of the page.",
            ):
                watch.watch(run.id)
                st.rerun()
        if st.button(
            "Delete",
            key="runs_remove",
            icon=":material/delete:",
            help="Delete the runs and their curves. Their models are kept."
            if (allowed := all(map(rights.may_change_run, selected)))
            else rights.change_refusal(),
            disabled=not allowed,
        ):
            with show_errors():
                for run in filter(rights.may_change_run, selected):
                    run.delete()
                del st.session_state["runs"]
                st.rerun()


def _row(run: Run) -> dict[str, object]:
    outcome = run.outcome
    card = outcome.card if outcome else None
    try:
        config = run.config
        name, epochs = config.name, config.epochs
        network = name_network(config.architecture, config.blocks)
    except MnistError:
        name, network, epochs = run.id, _UNKNOWN, None
    done = card.epochs if card else run.epochs_done
    validation = outcome.validation_accuracy if outcome else None
    if run.search is not None:  # only the best trial keeps its checkpoints
        done = len(follow(run.events()).validation)
    if card:
        validation = card.validation_accuracy
    note = " ".join(outcome.text.split()) if outcome else ""
    if network == _UNKNOWN:
        note = f"The run's settings are damaged. {note}".strip()
    elif run.state == "interrupted":
        note = "The process was killed; the run can be resumed."
        if run.search is not None:
            note = "The process was killed; its search tries this trial again."
    return {
        "model": name,
        "network": network,
        "state": run.state,
        "epochs": f"{done} of {epochs}",
        "MNIST test": f"{card.test_accuracy:.2%}" if card else "",
        "validation": "" if validation is None else f"{validation:.2%}",
        "started": run.created,
        "note": note,
    }
