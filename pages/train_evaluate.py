"""Train a network and look into how well it does: two tabs."""

import streamlit as st

from pages import evaluation_data, evaluation_tab, routing, training_tab


def main() -> None:
    """The page. Only the open tab is run."""
    train, evaluate = st.tabs(["Train", "Evaluate"], key="tab", on_change="rerun")
    if train.open:
        with train:
            training_tab.show()
    if evaluate.open:
        with evaluate:
            evaluation_tab.show()
    else:
        evaluation_tab.keep_choices()
        evaluation_data.warm_up()


routing.run(main)
