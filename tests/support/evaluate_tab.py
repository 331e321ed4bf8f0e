"""The Evaluate tab without a browser, and what it shows."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest
from support.apps import run_page

# Labels are a gallery; the others are measured on request.
WITHOUT_CHARTS = ("Labels", "Robustness", "Break it")


def open_tab(**state: object) -> AppTest:
    """The tab with some choices made."""
    return run_page("train_evaluate", **({"tab": "Evaluate"} | state))


def metrics(app: AppTest) -> dict[str, str]:
    """Label -> value of the tiles."""
    return {metric.label: metric.value for metric in app.metric}
