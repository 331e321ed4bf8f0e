"""The entry point: `streamlit run app.py`.

The server imports this file once and serves `app`. For each visitor it runs this file as a script,
which routes; the pages compose, `mnist_core` computes.
"""

import os

import streamlit as st

if __name__ != "__main__":
    # Before NumPy is loaded. Threads of OpenBLAS spin while they wait for each other: on two busy
    # cores, the embedding map of 600 images took 45 s instead of 8 s with one thread.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    from pages.server.application import lifespan, middleware, routes, show_failure

    app = st.App(
        __file__,
        routes=routes(),
        middleware=middleware(),
        lifespan=lifespan,
        on_script_error=show_failure,
    )
else:
    from pages.widgets import first_model, login, model_picker, routing

    st.set_page_config(
        page_title="Digit lab", page_icon="✏️", layout="wide", menu_items={"About": None}
    )
    routing.begin()
    page = st.navigation(
        [
            st.Page("pages/draw.py", title="Draw", icon=":material/draw:", default=True),
            st.Page("pages/webcam.py", title="Webcam", icon=":material/videocam:"),
            st.Page(
                "pages/train_evaluate.py",
                title="Train and evaluate",
                icon=":material/model_training:",
            ),
        ]
    )
    has_model = model_picker.show()
    login.show()
    if has_model:
        page.run()
    else:
        first_model.show()
