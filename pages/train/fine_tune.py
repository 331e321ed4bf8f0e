"""Teach a model what was corrected: which one, what it will be called, and Start."""

import streamlit as st

from mnist_core import MnistError, TrainingConfig, list_models
from mnist_core.corrections.store import CorrectionStore
from pages.train import form


def show() -> None:
    """The form, where there is something to teach and someone to learn it."""
    # An ensemble is made of trained models: it is they that learn.
    cards = {card.name: card for card in list_models() if not card.members}
    try:
        count = sum(CorrectionStore().counts().values())
    except MnistError:
        return  # the gallery above has said why
    if not count or not cards:
        return
    with st.container(key="teaching"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            model = st.selectbox(
                "Teach them to",
                list(cards),
                key="teach_model",
                width=260,
                help="It is fine-tuned on MNIST and the corrections, and held to what it says of "
                "all other digits, so that it forgets nothing. The model itself stays as it is.",
            )
            pressed = st.button("Teach", icon=":material/school:", key="teach", type="primary")
        st.caption(
            "A pass over the images: some minutes, for the champion longer. It says how many of "
            "the corrections and of the MNIST test images are read rightly, before and after."
        )
        if pressed:
            try:
                config = TrainingConfig(
                    architecture=cards[model].architecture,
                    name=form.free_name(model),
                    initial_model=model,
                    include_corrections=True,
                )
            except MnistError as error:
                st.error(str(error))
            else:
                form.start(config)
