"""The charts of one model, each kind in a view of its own."""

import streamlit as st

from mnist_core import MnistError
from mnist_core.charts import (
    class_bars,
    confidence_bars,
    coverage_curves,
    history_curves,
    precision_recall_curves,
    reliability_diagram,
    roc_curves,
)
from mnist_core.evaluation.assessment import Assessment
from mnist_core.registry.artifacts import load_history
from pages.widgets.charts import chart

ROC_VIEWS = {"whole": "All of it", "corner": "The corner", "log": "Log axis"}
# Of numbers that are percentages already: Streamlit's own format drops the zeros at the end.
PERCENT = st.column_config.NumberColumn(format="%.2f %%")


def show_digits(assessment: Assessment) -> None:
    """Each digit by itself."""
    chart(class_bars(assessment.evaluation), "digits", "Precision, recall and F1 of each digit.")
    names = ["precision", "recall", "f1", "accuracy"]
    st.dataframe(
        {
            "Digit": [row.name for row in assessment.report],
            **{
                name.capitalize(): [100 * getattr(row, name) for row in assessment.report]
                for name in names
            },
            "Images": [row.images for row in assessment.report],
        },
        column_config={
            **{name.capitalize(): PERCENT for name in names},
            "Images": st.column_config.NumberColumn(format="localized"),
        },
        hide_index=True,
        height="content",
        key="evaluation_table",
    )
    st.caption(
        "Precision: the share of these answers that are right. Recall: the share of these images "
        "that are answered so. Accuracy: the share of all images rightly told to be this digit or "
        "not. The macro average is over the digits that occur."
    )


@st.fragment
def show_curves(assessment: Assessment) -> None:
    """ROC and precision-recall."""
    view = st.segmented_control(
        "ROC",
        list(ROC_VIEWS),
        default="corner",
        required=True,
        format_func=ROC_VIEWS.__getitem__,
        key="roc_view",
    )
    chart(
        roc_curves(assessment.roc, view),
        "roc",
        f"ROC curves of the ten digits; micro area {assessment.roc.micro.area:.6f}.",
    )
    corner = st.toggle("Only the corner", value=True, key="precision_recall_corner")
    curves = assessment.precision_recall
    chart(
        precision_recall_curves(curves, corner=corner),
        "precision_recall",
        "Precision-recall curves of the ten digits; micro average precision "
        f"{curves.micro.average_precision:.6f}.",
    )
    st.caption(
        "Each digit against the nine others; behind each name its area or average precision. "
        "Micro: all ten questions in one heap. Macro: the mean over the digits."
    )


def show_certainty(assessment: Assessment) -> None:
    """How sure the model is, and whether it may be believed."""
    show_coverage(assessment)
    st.subheader("Confidence of right and wrong answers")
    chart(
        confidence_bars(assessment.confidences),
        "confidences",
        "Histogram of the confidence of right and of wrong answers, on a log scale.",
    )
    st.subheader("Reliability")
    reliability = assessment.reliability
    st.caption(
        f"Expected calibration error over {len(reliability.counts)} bins: "
        f"**{reliability.expected_error:.2%}**. Brier score: **{reliability.brier:.4f}** (0 is "
        "perfect, 2 the worst). Points under the line: more sure than right."
    )
    chart(
        reliability_diagram(reliability),
        "reliability",
        "Accuracy against confidence in bins, with 95 % intervals; below, how many answers.",
    )


@st.fragment
def show_coverage(assessment: Assessment) -> None:
    """Answer only when sure enough: the slider, and what is left."""
    st.subheader("Answer only when sure")
    threshold = st.slider(
        "At least so sure (%)", 0.0, 100.0, 90.0, 0.5, format="%.1f %%", key="coverage"
    )
    coverage = assessment.coverage
    selection = coverage.at(threshold / 100)
    with st.container(key="coverage_result"):
        if selection.accuracy is None or selection.interval is None:
            st.markdown("No image is answered.")
        else:
            low, high = selection.interval
            st.markdown(
                f"**{selection.coverage:.2%}** of the images are answered "
                f"({selection.answered:,} of {selection.total:,}), **{selection.accuracy:.2%}** of "
                f"these rightly (95 % interval {low:.2%} to {high:.2%}; {selection.wrong:,} wrong)."
            )
    chart(
        coverage_curves({assessment.card.name: coverage}, selection),
        "coverage",
        "Accuracy of the answers against the share of images answered.",
    )
    st.caption(
        "Area: the mean share of errors over all coverages; lower is better (Geifman and El-Yaniv, "
        "2017)."
    )


def show_training(assessment: Assessment) -> None:
    """How the model learnt."""
    card = assessment.card
    if card.members:
        st.info(
            f"This model averages {' and '.join(card.members)}, and was not trained itself. Choose "
            "one of them to see how it learnt."
        )
        return
    st.caption(
        f"{card.architecture}, {card.parameters:,} parameters, {card.epochs} epochs in "
        f"{card.training_seconds:,.0f} s, seed {card.seed}, {card.created[:10]}."
    )
    try:
        history = load_history(card)
    except MnistError as error:
        st.error(str(error))
        return
    chart(history_curves(history), "training", "Accuracy and loss of each epoch.")
