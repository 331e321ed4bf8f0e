"""The Evaluate tab: how good a model is, and where it fails."""

from collections.abc import Callable, Sequence

import streamlit as st

import mnist_core
from mnist_core.evaluation.assessment import Assessment
from mnist_core.evaluation.export import predictions_csv
from mnist_core.report import report_html
from pages.evaluate import (
    break_it,
    comparison,
    embedding_map,
    labels,
    mistakes,
    robustness,
    views,
)
from pages.evaluate.data import SOURCES, assessment, warm_up
from pages.widgets import model_picker
from pages.widgets.save_button import save_button
from pages.widgets.show_errors import plain, show_errors

# The views of one model; robustness shows all models together. Only the open view is run.
VIEWS: dict[str, Callable[[Assessment, Sequence[Assessment]], None]] = {
    "Confusion matrix": lambda selected, _: mistakes.show(selected),
    "Per class": lambda selected, _: views.show_per_class(selected),
    "ROC and PR": lambda selected, _: views.show_roc_and_pr(selected),
    "Calibration": lambda selected, _: views.show_calibration(selected),
    "Labels": labels.show,
    "Training curves": lambda selected, _: views.show_training_curves(selected),
    "Embedding": lambda selected, _: embedding_map.show(selected.card),
    "Robustness": lambda _, assessments: robustness.show([item.card for item in assessments]),
    "Break it": lambda selected, _: break_it.show(selected),
}
MODELS, DATA = "evaluation_models", "evaluation_data"
STYLE = """
<style>
.st-key-evaluation_headline [data-testid="stMetricValue"] { font-size: 1.75rem; }
</style>
"""
# A report may measure robustness for this long, s: the browser waits three minutes for a file.
TIME_LIMIT = 120.0


@st.fragment
def show() -> None:
    """Show the tab; a change in it reruns only this part of the page."""
    warm_up().join()
    st.html(STYLE)
    with st.container(key="evaluation"), show_errors():
        if assessments := choose_assessments():
            show_assessments(assessments)


def choose_assessments() -> list[Assessment]:
    """The chosen models' results on the chosen data; empty while a choice is missing.

    Raises:
        MnistError: the data cannot be used.
    """
    cards = {card.name: card for card in mnist_core.list_models()}
    if not cards:
        st.info("There is no model to evaluate yet. Train one on the *Train* tab.")
        return []
    state = st.session_state
    first = state.setdefault("evaluation_first", model_picker.chosen())
    if MODELS in state:  # A model may have been removed since it was chosen.
        state[MODELS] = [name for name in state[MODELS] if name in cards]
    with st.container(horizontal=True):
        names = st.multiselect(
            "Models",
            list(cards),
            [first if first in cards else next(iter(cards))],
            key=MODELS,
            bind="query-params",
            help="Choose several to compare them.",
        )
        source = st.selectbox(
            "Data",
            list(SOURCES),
            key=DATA,
            bind="query-params",
            width=260,
            help="The labeled images that the models classify.",
        )
    if not names:
        st.info("Choose at least one model above.")
        return []
    data = SOURCES[source]([cards[name] for name in names])
    if data is None:
        return []
    if data.notes:
        st.caption(plain(" ".join(data.notes)))
    assessments = []
    for name in names:
        # If one model is damaged, the others are still evaluated.
        with show_errors():
            assessments.append(assessment(cards[name], data))
    return assessments


def show_assessments(assessments: Sequence[Assessment]) -> None:
    """Show the comparison, if there are several models, and the details of one of them."""
    selected = assessments[0]
    if len(assessments) > 1:
        comparison.show(assessments)
        by_name = {item.card.name: item for item in assessments}
        name = st.segmented_control(
            "Details of",
            list(by_name),
            default=selected.card.name,
            required=True,
            key="evaluation_details",
            persist_state="session",
            help="The model that the results below belong to.",
        )
        selected = by_name[name]
    show_tiles(selected)
    show_downloads(selected, assessments)
    tabs = st.tabs(list(VIEWS), key="evaluation_view", bind="query-params")
    for tab, view in zip(tabs, VIEWS.values(), strict=True):
        if tab.open:
            with tab:
                view(selected, assessments)


def show_tiles(selected: Assessment) -> None:
    """Show the most important metrics."""
    evaluation = selected.evaluation
    low, high = evaluation.interval
    with st.container(horizontal=True, key="evaluation_headline"):
        st.metric("Accuracy", f"{evaluation.accuracy:.2%}")
        st.metric("95% CI", f"{low:.2%} to {high:.2%}", help="Wilson score interval.")
        st.metric("Errors", f"{len(evaluation.errors):,} of {len(evaluation.labels):,}")
        st.metric(
            "Top-2 accuracy",
            f"{evaluation.top2_accuracy:.2%}",
            help="Share of images whose true digit is among the two most probable.",
        )
        st.metric(
            "ECE",
            f"{selected.reliability.ece:.2%}",
            help="Expected calibration error: the mean gap between confidence and accuracy.",
        )
    if corrected := selected.corrected:
        st.caption(
            f"{len(selected.disputed)} labels of MNIST test are disputed (Northcutt et al., 2021). "
            f"With corrected labels: **{corrected.accuracy:.2%}**, {len(corrected.errors):,} "
            f"errors of {len(corrected.labels):,} images."
        )


def show_downloads(selected: Assessment, assessments: Sequence[Assessment]) -> None:
    """Offer the report on all chosen models and the predictions of the selected one."""
    with st.container(horizontal=True):
        save_button(
            "Report",
            lambda: report_html(
                assessments, load=model_picker.load, time_limit=TIME_LIMIT
            ).encode(),
            f"{'-'.join(item.card.name for item in assessments)}.html",
            "text/html",
            key="report",
            icon=":material/description:",
            help="All results on one HTML page with interactive charts that works offline. "
            "Measures robustness first if needed, for at most two minutes.",
        )
        save_button(
            "Predictions",
            lambda: predictions_csv(selected.evaluation).encode(),
            f"{selected.card.name}.csv",
            "text/csv",
            key="predictions",
            icon=":material/table:",
            help="CSV with one row per image: true digit, prediction and the ten probabilities.",
        )
