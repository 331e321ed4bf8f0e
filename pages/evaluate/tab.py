"""The Evaluate tab: see how good a model really is, and why it errs."""

from collections.abc import Callable, Sequence
from itertools import combinations

import streamlit as st

import mnist_core
from mnist_core import MnistError
from mnist_core.charts import accuracy_intervals, coverage_curves, difference_intervals
from mnist_core.evaluation.assessment import Assessment
from mnist_core.evaluation.comparison import compare
from mnist_core.evaluation.export import predictions_csv
from mnist_core.report import report_html
from pages.evaluate import embedding_map, mistakes, robustness
from pages.evaluate.data import SOURCES, assessment, warm_up
from pages.evaluate.views import PERCENT, show_certainty, show_curves, show_digits, show_training
from pages.widgets import model_picker
from pages.widgets.charts import chart
from pages.widgets.save_button import save_button

# What can be looked at in one of the chosen models; only the open one is run.
VIEWS: dict[str, Callable[[Assessment, Sequence[Assessment]], None]] = {
    "Mistakes": lambda one, all_: mistakes.show(one),
    "Digits": lambda one, all_: show_digits(one),
    "Curves": lambda one, all_: show_curves(one),
    "Certainty": lambda one, all_: show_certainty(one),
    "Training": lambda one, all_: show_training(one),
    "Map": lambda one, all_: embedding_map.show(one.card),
    "Robustness": lambda one, all_: robustness.show([each.card for each in all_]),
}

MODELS, DATA = "evaluation_models", "evaluation_data"
STYLE = """
<style>
.st-key-evaluation_headline [data-testid="stMetricValue"] { font-size: 1.75rem; }
</style>
"""
# So long may a report measure, s: the browser waits three minutes for a file.
PATIENCE = 120.0
# Columns of the comparison that are percentages.
SHARES = (
    "Read rightly",
    "from",
    "to",
    "Top 2",
    "Macro F1",
    "Calibration error",
    "Difference",
)


def show() -> None:
    """The tab."""
    st.html(STYLE)
    with st.container(key="evaluation"):
        show_evaluation()


def keep_choices() -> None:
    """Called when the tab is not open: what was chosen in it stays chosen."""
    for key in (MODELS, DATA):
        if key in st.session_state:
            st.session_state[key] = st.session_state[key]


@st.fragment
def show_evaluation() -> None:
    """What is judged on what, and the answer; a change runs only this part of the page again."""
    warm_up().join()
    try:
        assessments = choose()
        if assessments:
            show_assessments(assessments)
    except MnistError as error:
        st.error(str(error))


def show_assessments(assessments: Sequence[Assessment]) -> None:
    """The models side by side, if there are several, and all that is known of one of them."""
    if len(assessments) > 1:
        show_comparison(assessments)
    one = choose_one(assessments)
    show_headline(one)
    show_downloads(one, assessments)
    tabs = st.tabs(list(VIEWS), key="evaluation_view", on_change="rerun")
    for tab, view in zip(tabs, VIEWS.values(), strict=True):
        if tab.open:
            with tab:
                view(one, assessments)


def choose() -> list[Assessment]:
    """The chosen models, judged on the chosen data; none while there is something to choose yet.

    Raises:
        MnistError: the data cannot be used.
    """
    cards = {card.name: card for card in mnist_core.list_models()}
    if not cards:
        st.info("There is no model to judge yet.")
        return []
    state = st.session_state
    first = model_picker.chosen()
    state.setdefault(MODELS, [first if first in cards else next(iter(cards))])
    # A model may have been removed since it was chosen.
    state[MODELS] = [name for name in state[MODELS] if name in cards]
    with st.container(horizontal=True):
        names = st.multiselect(
            "Models",
            list(cards),
            format_func=lambda name: f"{name} · {cards[name].test_accuracy:.2%}",
            key=MODELS,
            help="Choose several to compare them. The figure is the accuracy on MNIST test.",
        )
        source = st.selectbox("Data", list(SOURCES), key=DATA, width=260)
    chosen = [cards[name] for name in names]
    if not chosen:
        st.info("Choose at least one model.")
        return []
    data = SOURCES[source](chosen)
    if data is None:
        return []
    if data.notes:
        st.caption(" ".join(data.notes))
    assessments = []
    for card in chosen:
        try:
            assessments.append(assessment(card, data))
        except MnistError as error:
            # The others are judged all the same.
            st.error(str(error))
    return assessments


def choose_one(assessments: Sequence[Assessment]) -> Assessment:
    """The model to look into."""
    if len(assessments) == 1:
        return assessments[0]
    by_name = {item.card.name: item for item in assessments}
    name = st.segmented_control(
        "Look into", list(by_name), default=next(iter(by_name)), required=True
    )
    return by_name[name]


def show_headline(item: Assessment) -> None:
    """The few numbers that matter most."""
    evaluation = item.evaluation
    low, high = evaluation.interval
    with st.container(horizontal=True, key="evaluation_headline"):
        st.metric("Read rightly", f"{evaluation.accuracy:.2%}")
        st.metric("95 % interval", f"{low:.2%} to {high:.2%}", help="E. B. Wilson's, 1927.")
        st.metric("Errors", f"{len(evaluation.errors):,} of {len(evaluation.labels):,}")
        st.metric(
            "Top 2",
            f"{evaluation.top2_accuracy:.2%}",
            help="Share of images whose digit is among the two most probable.",
        )


def show_downloads(one: Assessment, assessments: Sequence[Assessment]) -> None:
    """The report of all chosen models, and the answers of the one looked into."""
    with st.container(horizontal=True):
        save_button(
            "Report",
            lambda: report_html(assessments, load=model_picker.load, patience=PATIENCE).encode(),
            f"{'-'.join(item.card.name for item in assessments)}.html",
            "text/html",
            key="report",
            icon=":material/description:",
            help="All of it as one page that works offline, with its interactive charts. "
            "Robustness is measured for it where it was not yet, for up to two minutes.",
        )
        save_button(
            "Predictions",
            lambda: predictions_csv(one.evaluation).encode(),
            f"{one.card.name}.csv",
            "text/csv",
            key="predictions",
            icon=":material/table:",
            help="A line for each image: truth, answer, and the ten probabilities, as CSV.",
        )


def show_comparison(assessments: Sequence[Assessment]) -> None:
    """The models beside one another, and whether their differences are real."""
    st.subheader("Side by side")
    st.dataframe(
        {
            "Model": [a.card.name for a in assessments],
            "Read rightly": [100 * a.evaluation.accuracy for a in assessments],
            "from": [100 * a.evaluation.interval[0] for a in assessments],
            "to": [100 * a.evaluation.interval[1] for a in assessments],
            "Errors": [len(a.evaluation.errors) for a in assessments],
            "Top 2": [100 * a.evaluation.top2_accuracy for a in assessments],
            "Macro F1": [100 * a.report[-2].f1 for a in assessments],
            "Calibration error": [100 * a.reliability.expected_error for a in assessments],
            "Brier": [a.reliability.brier for a in assessments],
            "Risk-coverage area": [a.coverage.area for a in assessments],
        },
        column_config={
            **dict.fromkeys(SHARES, PERCENT),
            "Brier": st.column_config.NumberColumn(format="%.4f"),
            "Risk-coverage area": st.column_config.NumberColumn(format="%.6f"),
        },
        hide_index=True,
        key="comparison",
    )
    chart(
        accuracy_intervals({a.card.name: a.evaluation for a in assessments}),
        "accuracies",
        "Accuracy of each model with its 95 % interval.",
    )
    pairs = [(a, b, compare(a.evaluation, b.evaluation)) for a, b in combinations(assessments, 2)]
    st.dataframe(
        {
            "Models": [f"{a.card.name} against {b.card.name}" for a, b, _ in pairs],
            "Only the first right": [c.first_only for *_, c in pairs],
            "Only the second right": [c.second_only for *_, c in pairs],
            "Difference": [100 * c.difference for *_, c in pairs],
            "from": [100 * c.interval[0] for *_, c in pairs],
            "to": [100 * c.interval[1] for *_, c in pairs],
            "McNemar's p": [f"{c.p_value:.2g}" for *_, c in pairs],
        },
        column_config=dict.fromkeys(SHARES, PERCENT),
        hide_index=True,
        key="comparison_pairs",
    )
    chart(
        difference_intervals({f"{a.card.name} − {b.card.name}": c for a, b, c in pairs}),
        "differences",
        "How far the models of each pair are apart, with the 95 % bootstrap interval.",
    )
    st.caption(
        "From and to: 95 % intervals, Wilson's for an accuracy, the paired bootstrap's for a "
        "difference. McNemar's exact p: how probable so uneven a split of the images on which the "
        "two differ would be, were both equally good; not corrected for several comparisons."
    )
    with st.expander("Accuracy against coverage, side by side"):
        chart(
            coverage_curves({a.card.name: a.coverage for a in assessments}),
            "coverages",
            "Accuracy of the answers against the share of images answered, of each model.",
        )
