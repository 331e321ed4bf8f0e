"""The Train tab: start a run, watch it learn, keep the model."""

import streamlit as st

from pages import (
    corrections_view,
    model_shelf,
    past_runs,
    teaching_form,
    training_form,
    training_watch,
)


def show() -> None:
    """The tab."""
    with st.container(key="training_status"):
        training_watch.show()
    training_form.show()
    past_runs.show()
    model_shelf.show()
    st.subheader("Corrections")
    corrections_view.show()
    teaching_form.show()
