"""The trials of a hyperparameter search, as charts."""

from collections.abc import Sequence

import streamlit as st

from mnist_core.charts import importance_bars, parallel_coordinates
from mnist_core.charts.captions.tuning import describe_importances, describe_trials
from mnist_core.networks.packages import require_tensorflow
from pages.widgets.charts import chart
from pages.widgets.show_errors import show_errors


def show(names: Sequence[str]) -> None:
    """Show a choice of searches, and the charts of the chosen one."""
    if not names:
        return
    name = st.selectbox(
        "Search",
        names,
        index=None,
        key="search",
        placeholder="Choose a search to compare its trials",
        help="Searches for better settings, made by 'python -m mnist_core tune'.",
    )
    if name is not None:
        with show_errors():
            _show_trials(name)


def _show_trials(name: str) -> None:
    require_tensorflow("Reading a search")
    from mnist_core.tuning.result import MIN_TRIALS, load_result  # Optuna takes a second

    result = load_result(name)
    if not result.accuracies:
        st.info("No trial of this search is complete yet.")
        return
    chart(
        parallel_coordinates(result.values, result.accuracies),
        f"{name}-trials",
        "The settings and the validation accuracy of each trial.",
        caption=describe_trials(result.accuracies, result.pruned),
        key="search_trials",
    )
    if not result.importances:
        st.caption(f"The importance of each setting is shown from {MIN_TRIALS} complete trials on.")
        return
    chart(
        importance_bars(result.importances),
        f"{name}-importance",
        "The importance of each setting.",
        caption=describe_importances(result.importances),
        key="search_importance",
    )
