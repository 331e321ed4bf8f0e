"""Several models side by side, and whether their differences are significant."""

from collections.abc import Sequence
from itertools import combinations

import streamlit as st

from mnist_core.charts import accuracy_intervals, coverage_curves, difference_intervals
from mnist_core.charts.captions.comparison import (
    describe_accuracy_intervals,
    describe_difference_intervals,
)
from mnist_core.charts.captions.evaluation import describe_coverage_of_several
from mnist_core.evaluation.assessment import Assessment
from mnist_core.evaluation.comparison import compare
from pages.evaluate.views import PERCENT
from pages.widgets.charts import chart

PERCENTAGES = (
    "Accuracy", "95% CI low", "95% CI high", "Top-2 accuracy", "Macro F1", "Difference",
)  # fmt: skip


def show(assessments: Sequence[Assessment]) -> None:
    """Compare two models or more."""
    st.header("Comparison")
    _show_metrics(assessments)
    _show_pairs(assessments)
    st.caption(
        "95% CI: Wilson interval for an accuracy, paired bootstrap for a difference. McNemar's "
        "exact p: the probability of a split at least this uneven if both models were equally "
        "good. Not corrected for multiple comparisons."
    )
    with st.expander("Accuracy against coverage"):
        curves = {item.card.name: item.coverage for item in assessments}
        chart(
            coverage_curves(curves),
            "coverages",
            "Accuracy on the accepted images against coverage, a curve for each model.",
            caption=describe_coverage_of_several(curves),
        )


def _show_metrics(assessments: Sequence[Assessment]) -> None:
    st.dataframe(
        [
            {
                "Model": item.card.name,
                "Accuracy": 100 * item.evaluation.accuracy,
                "95% CI low": 100 * item.evaluation.interval[0],
                "95% CI high": 100 * item.evaluation.interval[1],
                "Errors": len(item.evaluation.errors),
                "Top-2 accuracy": 100 * item.evaluation.top2_accuracy,
                "Macro F1": 100 * item.class_metrics[-2].f1,
                "ECE": 100 * item.reliability.ece,
                "Brier score": item.reliability.brier,
                "AURC": item.coverage.aurc,
            }
            for item in assessments
        ],
        column_config={
            **dict.fromkeys(PERCENTAGES, PERCENT),
            "ECE": st.column_config.NumberColumn(
                format="%.2f%%", help="Expected calibration error; lower is better."
            ),
            "Brier score": st.column_config.NumberColumn(
                format="%.4f", help="From 0 (perfect) to 2; lower is better."
            ),
            "AURC": st.column_config.NumberColumn(
                format="%.6f", help="Area under the risk-coverage curve; lower is better."
            ),
        },
        hide_index=True,
        key="comparison",
    )
    evaluations = {item.card.name: item.evaluation for item in assessments}
    chart(
        accuracy_intervals(evaluations),
        "accuracies",
        "Accuracy of each model with its 95% confidence interval.",
        caption=describe_accuracy_intervals(evaluations),
    )


def _show_pairs(assessments: Sequence[Assessment]) -> None:
    pairs = [(a, b, compare(a.evaluation, b.evaluation)) for a, b in combinations(assessments, 2)]
    st.dataframe(
        [
            {
                "Models": f"{a.card.name} vs. {b.card.name}",
                "Only first correct": result.first_only,
                "Only second correct": result.second_only,
                "Difference": 100 * result.difference,
                "95% CI low": 100 * result.interval[0],
                "95% CI high": 100 * result.interval[1],
                "McNemar's p": f"{result.p_value:.2g}",
            }
            for a, b, result in pairs
        ],
        column_config=dict.fromkeys(PERCENTAGES, PERCENT),
        hide_index=True,
        key="comparison_pairs",
    )
    differences = {f"{a.card.name} − {b.card.name}": result for a, b, result in pairs}
    chart(
        difference_intervals(differences),
        "differences",
        "Difference in accuracy of each pair of models with its 95% bootstrap interval.",
        caption=describe_difference_intervals(differences),
    )
