"""The Train tab: start a training, watch it, and manage runs, models and corrections."""

import streamlit as st

from pages.train import availability, corrections, fine_tune, form, models, runs, watch
from pages.widgets import login
from pages.widgets.rights import Action


def show() -> None:
    """Show the tab."""
    availability.show_problem()
    with st.container(key="training_status"):
        watch.show()
    form.show()
    runs.show()
    models.show()
    st.header("Corrections")
    if not login.show_refusal(Action.CORRECT):
        corrections.show()
        fine_tune.show()
