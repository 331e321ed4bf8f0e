"""The charts of one model, by kind."""

import streamlit as st

from mnist_core.charts import (
    class_bars,
    confidence_bars,
    coverage_curves,
    history_curves,
    precision_recall_curves,
    reliability_diagram,
    roc_curves,
)
from mnist_core.charts.captions.evaluation import (
    describe_class_bars,
    describe_confidence_bars,
    describe_coverage,
    describe_precision_recall,
    describe_reliability,
    describe_roc,
)
from mnist_core.charts.captions.training import describe_history
from mnist_core.charts.curves import RocView
from mnist_core.evaluation.assessment import Assessment
from mnist_core.evaluation.curves import operating_points
from mnist_core.networks.blocks.network import name_network
from mnist_core.registry.artifacts import load_history
from pages.widgets.charts import chart
from pages.widgets.show_errors import plain, show_errors

ROC_VIEWS: dict[RocView, str] = {"whole": "Full", "corner": "Zoomed in", "log": "Log axis"}
# For values from 0 to 100: Streamlit's own "percent" format drops trailing zeros.
PERCENT = st.column_config.NumberColumn(format="%.2f%%")


def show_per_class(assessment: Assessment) -> None:
    """Show precision, recall, F1 and accuracy of each digit."""
    st.header("Per class")
    chart(
        class_bars(assessment.evaluation),
        "digits",
        "Precision, recall and F1 of each digit.",
        caption=describe_class_bars(assessment.evaluation),
    )
    st.dataframe(
        [
            {
                "Digit": row.name,
                "Precision": 100 * row.precision,
                "Recall": 100 * row.recall,
                "F1": 100 * row.f1,
                "Accuracy": 100 * row.accuracy,
                "Images": row.support,
            }
            for row in assessment.class_metrics
        ],
        column_config={
            **dict.fromkeys(("Precision", "Recall", "F1", "Accuracy"), PERCENT),
            "Images": st.column_config.NumberColumn(format="localized"),
        },
        hide_index=True,
        height="content",
        key="evaluation_table",
    )
    st.caption(
        "Accuracy: one digit against the rest, over all images. The macro average leaves out "
        "digits that do not occur."
    )


@st.fragment
def show_roc_and_pr(assessment: Assessment) -> None:
    """Show the ROC and precision-recall curves, and a point of each that the user moves."""
    st.header("ROC and precision-recall curves")
    view = st.segmented_control(
        "Axes",
        list(ROC_VIEWS),
        default="corner",
        required=True,
        format_func=ROC_VIEWS.__getitem__,
        key="roc_view",
        persist_state="session",
        help="*Zoomed in* shows the corner where the curves bend. *Log axis*: also false positive "
        "rates on a logarithmic scale.",
    )
    points = operating_points(assessment.evaluation, choose_threshold())
    chart(
        roc_curves(assessment.roc, view, points),
        "roc",
        f"ROC curves of the ten digits; micro-average AUC {assessment.roc.micro.auc:.6f}.",
        caption=describe_roc(assessment.roc, points),
    )
    curves = assessment.precision_recall
    chart(
        precision_recall_curves(curves, points, corner=view != "whole"),
        "precision_recall",
        "Precision-recall curves of the ten digits; micro-average precision "
        f"{curves.micro.average_precision:.6f}.",
        caption=describe_precision_recall(curves, points),
    )
    st.caption(
        "In parentheses: AUC or average precision. Micro: all ten decisions pooled. Macro: the "
        "mean over the digits."
    )


def show_calibration(assessment: Assessment) -> None:
    """Show whether the model's confidence can be trusted."""
    show_coverage(assessment)
    st.header("Confidence of correct and incorrect predictions")
    chart(
        confidence_bars(assessment.confidences),
        "confidences",
        "Histogram of the confidence of correct and incorrect predictions, on a log scale.",
        caption=describe_confidence_bars(assessment.confidences),
    )
    st.header("Reliability diagram")
    reliability = assessment.reliability
    chart(
        reliability_diagram(reliability),
        "reliability",
        "Accuracy against confidence in bins, with 95% intervals; below, the predictions per bin.",
        caption=describe_reliability(reliability),
    )
    st.caption(
        f"{len(reliability.counts)} bins. Brier score: **{reliability.brier:.4f}** (0 is perfect, "
        "2 the worst)."
    )


def choose_threshold() -> float:
    """The slider of "answer only when at least … sure": one for all views; 0 to 1."""
    percent: float = st.slider(
        "Answer only when at least this sure (%)",
        0.0,
        100.0,
        90.0,
        0.5,
        format="%.1f%%",
        key="coverage",
        persist_state="session",
        help="The confidence threshold: images whose highest probability is below it are not "
        "answered.",
    )
    return percent / 100


@st.fragment
def show_coverage(assessment: Assessment) -> None:
    """Show coverage and accuracy at a confidence threshold that the user chooses."""
    st.header("Accuracy against coverage")
    coverage = assessment.coverage
    selection = coverage.at(choose_threshold())
    with st.container(key="coverage_result"):
        if selection.accuracy is None or selection.interval is None:
            st.markdown("No image reaches this confidence. Lower the threshold.")
        else:
            low, high = selection.interval
            st.markdown(
                f"Coverage **{selection.coverage:.2%}** ({selection.answered:,} of "
                f"{selection.total:,} images), accuracy **{selection.accuracy:.2%}** (95% CI "
                f"{low:.2%} to {high:.2%}, {selection.errors:,} errors)."
            )
    chart(
        coverage_curves({assessment.card.name: coverage}, selection),
        "coverage",
        "Accuracy on the accepted images against coverage.",
        caption=describe_coverage(selection),
    )
    st.caption(
        "Area under the risk-coverage curve (AURC): the mean error rate over all coverages; lower "
        "is better (Geifman and El-Yaniv, 2017)."
    )


def show_training_curves(assessment: Assessment) -> None:
    """Show accuracy and loss of each epoch of the training."""
    st.header("Training curves")
    card = assessment.card
    if card.members:
        st.info(
            f"This model averages {plain(' and '.join(card.members))} and was not trained "
            "itself. Choose one of them to see its training curves."
        )
        return
    network = name_network(card.architecture, card.configuration.get("blocks"))
    st.caption(
        f"{plain(network)}, {card.parameters:,} parameters, {card.epochs} epochs in "
        f"{card.training_seconds:,.0f} s, seed {card.seed}, {plain(card.created[:10])}."
    )
    with show_errors():
        history = load_history(card)
        chart(
            history_curves(history),
            "training",
            "Accuracy and loss of each epoch.",
            caption=describe_history(history),
        )
