"""The Train tab: start a training, watch it, and manage runs, models and corrections."""

import streamlit as st

from pages.train import corrections, fine_tune, form, models, runs, watch


def show() -> None:
    """Show the tab."""
    with st.container(key="training_status"):
        watch.show()
    form.show()
    runs.show()
    models.show()
    st.subheader("Corrections")
    corrections.show()
    fine_tune.show()
