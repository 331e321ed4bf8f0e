"""The Train tab: start a run, watch it learn, keep the model."""

import streamlit as st

from pages.train import corrections, fine_tune, form, models, runs, watch


def show() -> None:
    """The tab."""
    with st.container(key="training_status"):
        watch.show()
    form.show()
    runs.show()
    models.show()
    st.subheader("Corrections")
    corrections.show()
    fine_tune.show()
