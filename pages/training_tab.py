"""The Train tab: start a run, watch it learn, keep the model."""

import streamlit as st

from pages import corrections_view


def show() -> None:
    """The tab."""
    st.write("Being built.")
    st.subheader("Corrections")
    corrections_view.show()
