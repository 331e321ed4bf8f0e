"""The page to train networks and to evaluate them: two tabs."""

import streamlit as st

from pages.evaluate import data
from pages.evaluate import tab as evaluate_tab
from pages.train import tab as train_tab
from pages.widgets import routing
from pages.widgets.appearance import show_title


def main() -> None:
    """Show the page. Only the open tab runs."""
    heading = st.container()
    train, evaluate = st.tabs(["Train", "Evaluate"], key="tab", bind="query-params")
    with heading:
        show_title("Evaluate models" if evaluate.open else "Train networks")
    if train.open:
        with train:
            train_tab.show()
    if evaluate.open:
        with evaluate:
            evaluate_tab.show()
    else:
        data.warm_up()


routing.run(main)
