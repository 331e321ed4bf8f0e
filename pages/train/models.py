"""The models that are there: take them along, give them another name, remove them."""

import streamlit as st

from mnist_core import MnistError, ModelCard, list_models
from mnist_core.registry.card import CARD, KERAS, TFLITE
from mnist_core.registry.staging import delete_model, rename_model
from mnist_core.registry.store import is_bundled
from mnist_core.storage.paths import models_directory
from pages.widgets import model_picker
from pages.widgets.save_button import save_button

_FILES = {
    KERAS: ("Keras", "To train on, or to use with Keras."),
    TFLITE: ("LiteRT", "To read with, on phones as well."),
    CARD: ("Card", "What it is, how it was trained, and how good it is."),
}


def show() -> None:
    """A chosen model and what can be done with it."""
    cards = {card.name: card for card in list_models()}
    if not cards:
        return
    st.subheader("Models")
    if st.session_state.get("shelf") not in cards:
        st.session_state.pop("shelf", None)
    card = cards[st.selectbox("A model", list(cards), key="shelf")]
    low, high = card.test_interval
    st.caption(
        f"{card.architecture}, {card.parameters:,} parameters, {card.epochs} epochs in "
        f"{card.training_seconds:,.0f} s, seed {card.seed}. **{card.test_accuracy:.2%}** of the "
        f"MNIST test images ({low:.2%} to {high:.2%})."
    )
    with st.container(horizontal=True):
        for file, (label, text) in _FILES.items():
            _download(card, file, label, text)
        if is_bundled(card.name):
            st.caption("It came with the repository: it can be neither renamed nor removed.")
            return
        with st.popover("Rename", icon=":material/edit:", key="shelf_rename_open"):
            _rename(card)
        with st.popover("Remove", icon=":material/delete:", key="shelf_delete_open"):
            _delete(card)


def _download(card: ModelCard, file: str, label: str, text: str) -> None:
    path = models_directory() / card.name / file
    if not path.is_file():
        return
    save_button(
        label,
        path.read_bytes,
        f"{card.name}-{file}",
        "application/json" if file == CARD else "application/octet-stream",
        key=f"shelf_{file}",
        icon=":material/download:",
        help=text,
    )


def _rename(card: ModelCard) -> None:
    new = st.text_input("New name", card.name, max_chars=40, key=f"shelf_name_{card.name}")
    if st.button("Rename it", key="shelf_rename", disabled=new == card.name):
        try:
            rename_model(card.name, new)
        except MnistError as error:
            st.error(str(error))
            return
        if model_picker.chosen() == card.name:
            model_picker.use(new)
        st.session_state.pop("shelf", None)
        st.rerun()


def _delete(card: ModelCard) -> None:
    st.write(f"“{card.name}” is lost for good.")
    if st.button("Remove it", type="primary", key="shelf_delete"):
        try:
            delete_model(card.name)
        except MnistError as error:
            st.error(str(error))
            return
        st.rerun()
