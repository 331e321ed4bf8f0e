"""The Evaluate tab: see how good a model really is, and why it errs."""

import streamlit as st


def show() -> None:
    """The tab."""
    st.write("Being built.")
