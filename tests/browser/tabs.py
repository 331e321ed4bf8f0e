"""All pages and tabs by their addresses, for what must hold on each of them."""

from __future__ import annotations

from urllib.parse import quote_plus

from playwright.sync_api import Page

from pages.evaluate.tab import VIEWS

__all__ = ["TABS", "settle"]

_EVALUATE = "train_evaluate?tab=Evaluate"
# Name -> address, below that of the app.
TABS = {
    "Draw": "",
    "Photo or scan": "?input=Photo+or+scan",
    "Webcam": "webcam",
    "Train": "train_evaluate?tab=Train",
    "Comparison": f"{_EVALUATE}&evaluation_models=champion&evaluation_models=mlp",
    **{name: f"{_EVALUATE}&evaluation_view={quote_plus(name)}" for name in VIEWS},
}

# The script has ended, no part of the page computes, and every chart is drawn.
_SETTLED = """
() => document.querySelector(".stApp[data-test-script-state=notRunning]")
  && document.querySelector(".stMain h1")
  && !document.querySelector(".stSpinner, .stMain .stSkeleton, .stMain [data-stale=true]")
  && [...document.querySelectorAll(".stMain .stPlotlyChart")]
    .every((chart) => chart.querySelector(".main-svg"))
"""


def settle(page: Page) -> Page:
    """Wait until a page is complete and has stayed so for a second."""
    same, before = 0, -1
    while same < 3:
        page.wait_for_function(_SETTLED)
        size = page.evaluate("document.querySelectorAll('.stMain *').length")
        same, before = (same + 1 if size == before else 0), size
        page.wait_for_timeout(300)
    return page
