"""The Train tab: start a run, watch it learn, keep the model."""

import streamlit as st


def show() -> None:
    """The tab."""
    st.write("Being built.")
