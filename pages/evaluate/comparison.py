"""Several models side by side, and whether their differences are significant."""

from collections.abc import Sequence
from itertools import combinations

import streamlit as st

from mnist_core.charts import accuracy_intervals, coverage_curves, difference_intervals
from mnist_core.evaluation.assessment import Assessment
from mnist_core.evaluation.comparison import compare
from pages.evaluate.views import PERCENT
from pages.widgets.charts import chart


def show(assessments: Sequence[Assessment]) -> None:
    """Compare two models or more."""
    st.subheader("Comparison")
    _show_metrics(assessments)
    _show_pairs(assessments)
    st.caption(
        "95% CI: Wilson interval for an accuracy, paired bootstrap for a difference. McNemar's "
        "exact p: the probability of a split at least this uneven if both models were equally "
        "good. Not corrected for multiple comparisons."
    )
    with st.expander("Accuracy against coverage"):
        chart(
            coverage_curves({item.card.name: item.coverage for item in assessments}),
            "coverages",
            "Accuracy on the accepted images against coverage, a curve for each model.",
        )


def _show_metrics(assessments: Sequence[Assessment]) -> None:
    shares = {
        "Accuracy": [item.evaluation.accuracy for item in assessments],
        "95% CI low": [item.evaluation.interval[0] for item in assessments],
        "95% CI high": [item.evaluation.interval[1] for item in assessments],
        "Top-2 accuracy": [item.evaluation.top2_accuracy for item in assessments],
        "Macro F1": [item.class_metrics[-2].f1 for item in assessments],
        "ECE": [item.reliability.ece for item in assessments],
    }
    st.dataframe(
        {
            "Model": [item.card.name for item in assessments],
            **{name: [100 * share for share in column] for name, column in shares.items()},
            "Errors": [len(item.evaluation.errors) for item in assessments],
            "Brier score": [item.reliability.brier for item in assessments],
            "AURC": [item.coverage.aurc for item in assessments],
        },
        column_config={
            **dict.fromkeys(shares, PERCENT),
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
        column_order=[
            "Model", "Accuracy", "95% CI low", "95% CI high", "Errors", "Top-2 accuracy",
            "Macro F1", "ECE", "Brier score", "AURC",
        ],
        hide_index=True,
        key="comparison",
    )  # fmt: skip
    chart(
        accuracy_intervals({item.card.name: item.evaluation for item in assessments}),
        "accuracies",
        "Accuracy of each model with its 95% confidence interval.",
    )


def _show_pairs(assessments: Sequence[Assessment]) -> None:
    pairs = [(a, b, compare(a.evaluation, b.evaluation)) for a, b in combinations(assessments, 2)]
    differences = {
        "Difference": [result.difference for *_, result in pairs],
        "95% CI low": [result.interval[0] for *_, result in pairs],
        "95% CI high": [result.interval[1] for *_, result in pairs],
    }
    st.dataframe(
        {
            "Models": [f"{a.card.name} vs. {b.card.name}" for a, b, _ in pairs],
            "Only first correct": [result.first_only for *_, result in pairs],
            "Only second correct": [result.second_only for *_, result in pairs],
            **{name: [100 * share for share in column] for name, column in differences.items()},
            "McNemar's p": [f"{result.p_value:.2g}" for *_, result in pairs],
        },
        column_config=dict.fromkeys(differences, PERCENT),
        hide_index=True,
        key="comparison_pairs",
    )
    chart(
        difference_intervals({f"{a.card.name} − {b.card.name}": c for a, b, c in pairs}),
        "differences",
        "Difference in accuracy of each pair of models with its 95% bootstrap interval.",
    )
