"""The page to train networks and to evaluate them: two tabs."""

import streamlit as st

from pages.evaluate import data
from pages.evaluate import tab as evaluate_tab
from pages.train import tab as train_tab
from pages.widgets import routing


def main() -> None:
    """Show the page. Only the open tab runs."""
    train, evaluate = st.tabs(["Train", "Evaluate"], key="tab", bind="query-params")
    if train.open:
        with train:
            train_tab.show()
    if evaluate.open:
        with evaluate:
            evaluate_tab.show()
    else:
        data.warm_up()


routing.run(main)
