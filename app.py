"""The lab's entry: `streamlit run app.py`. It routes; the pages compose; `mnist_core` computes."""

import streamlit as st

from pages import first_model, model_picker

st.set_page_config(page_title="Digit lab", page_icon="✏️", layout="wide", menu_items={"About": None})

page = st.navigation([st.Page("pages/draw.py", title="Draw", icon=":material/draw:", default=True)])

if model_picker.show():
    page.run()
else:
    first_model.show()
