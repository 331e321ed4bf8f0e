"""The trials of a hyperparameter search, as charts."""

from collections.abc import Sequence

import streamlit as st

from mnist_core.charts import importance_bars, parallel_coordinates
from mnist_core.charts.captions import Caption
from mnist_core.networks.packages import require_tensorflow
from pages.widgets.charts import chart, show_caption
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
    count = len(result.accuracies)
    if not count:
        st.info("No trial of this search is complete yet.")
        return
    chart(
        parallel_coordinates(result.values, result.accuracies),
        f"{name}-trials",
        "The settings and the validation accuracy of each trial.",
        key="search_trials",
    )
    show_caption(
        Caption(
            "Each line is a trial: its settings, and its accuracy on the validation images. Drag "
            "along an axis to select trials.",
            f"{count} trials are complete, {result.pruned} were pruned; the best has "
            f"{max(result.accuracies):.2%}.",
        )
    )
    if not result.importances:
        st.caption(f"The importance of each setting is shown from {MIN_TRIALS} complete trials on.")
        return
    first, share = max(result.importances.items(), key=lambda item: item[1])
    chart(
        importance_bars(result.importances),
        f"{name}-importance",
        "The importance of each setting.",
        key="search_importance",
    )
    show_caption(
        Caption(
            "The longer the bar, the more the values of the best trials differ from those of all "
            "(PED-ANOVA).",
            f"The {first.replace('_', ' ')} matters most, with {share:.0%}.",
        )
    )
