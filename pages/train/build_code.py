"""The training of your own network as a Keras script."""

import streamlit as st

from mnist_core import TrainingConfig, TrainingError
from mnist_core.training.keras_script import keras_script
from pages.widgets.save_button import save_button
from pages.widgets.show_errors import plain

__all__ = ["show"]


def show(config: TrainingConfig) -> None:
    """Show the script, or why there is none."""
    with st.expander("Show the code", icon=":material/code:"):
        settings = config.resolved()
        try:
            script = keras_script(settings)
        except TrainingError as error:
            st.info(plain(str(error)))
            return
        st.markdown("The same training without this lab: TensorFlow and NumPy are enough.")
        save_button(
            "Save the script",
            script.encode,
            f"{settings.name}.py",
            "text/x-python",
            key="build_script",
            icon=":material/download:",
            help="Run it with Python.",
        )
        # Without a scroll bar, which the keyboard could not reach.
        st.code(script, wrap_lines=True)
