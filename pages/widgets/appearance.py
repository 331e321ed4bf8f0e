"""The title of a page, its place, and the color of Streamlit's own parts that lack contrast."""

import streamlit as st

from pages.widgets import framed

__all__ = ["show_title"]

# Streamlit (1.67) writes white on the primary color: 2.3 to 1 in the dark theme, this 7.8 to 1.
STYLE = """
<style>
.stMainBlockContainer { padding-top: 3.5rem; }
@media (max-width: 640px) { .stMainBlockContainer h1 { font-size: 2rem; } }
.stApp [data-testid="stBaseButton-primary"]:not(:disabled), .stMultiSelect [data-tag] {
  color: light-dark(#FFFFFF, #10141C) !important; }
</style>
"""


def show_title(text: str) -> None:
    """Show a page's title, in the browser's tab, too."""
    st.set_page_config(page_title=f"{text} · Digit lab")
    st.html(STYLE)
    framed.show_note()
    st.title(text)
