"""Fine-tune a model on the corrections."""

import streamlit as st

from mnist_core import MnistError, TrainingConfig, list_models
from mnist_core.corrections.store import CorrectionStore
from mnist_core.training.config import network_of
from pages.train import form
from pages.train.availability import training_problem
from pages.widgets.show_errors import show_errors


def show() -> None:
    """Show the choice of a model, if there are corrections and models to train."""
    # An ensemble itself is not trained, only its members.
    cards = {card.name: card for card in list_models() if not card.members}
    try:
        corrections = CorrectionStore().counts()
    except MnistError:
        return  # the gallery above shows the error
    if not corrections or not cards:
        return
    with st.container(key="teaching"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            model = st.selectbox(
                "Fine-tune a model on the corrections",
                list(cards),
                key="teach_model",
                persist_state="session",
                width=320,
                help="Trains a copy on your corrections and on MNIST while keeping its other "
                "answers unchanged. The original model is not modified.",
            )
            pressed = st.button(
                "Fine-tune",
                icon=":material/school:",
                key="teach",
                type="primary",
                disabled=bool(reason := training_problem()),
                help=reason or "Start the training.",
            )
        st.caption(
            "Takes one epoch, some minutes, and reports the accuracy on the corrections and on the "
            "MNIST test images before and after."
        )
        if pressed:
            with show_errors():
                form.start(
                    TrainingConfig(
                        **network_of(cards[model]),
                        name=form.free_name(model),
                        initial_model=model,
                        include_corrections=True,
                    )
                )
