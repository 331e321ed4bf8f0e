"""The models: download, rename, delete."""

from functools import partial

import streamlit as st

from mnist_core import ModelCard, list_models
from mnist_core.networks.blocks.network import name_network
from mnist_core.networks.packages import tensorflow_problem
from mnist_core.registry.card import CARD, KERAS, TFLITE
from mnist_core.registry.staging import delete_model, rename_model
from mnist_core.registry.store import damaged_models, is_bundled
from mnist_core.storage.paths import models_directory
from mnist_core.training.formats import FORMATS, export_as, known_accuracy
from pages.widgets import model_picker, rights
from pages.widgets.save_button import save_button
from pages.widgets.show_errors import plain, show_errors

_FILES = {
    KERAS: ("Keras", "For training, or for use with Keras."),
    TFLITE: ("LiteRT", "For inference, also on phones."),
    CARD: ("Card", "Architecture, training settings and test results."),
}


def show() -> None:
    """Show the damaged models, and the chosen model and its actions."""
    cards = {card.name: card for card in list_models()}
    damaged = damaged_models()
    if not cards and not damaged:
        return
    st.header("Models")
    for error in damaged:
        st.warning(plain(str(error)), icon=":material/broken_image:")
    if not cards:
        return
    if st.session_state.get("shelf") not in cards:
        st.session_state.pop("shelf", None)
    name = st.selectbox(
        "Model",
        list(cards),
        key="shelf",
        persist_state="session",
        help="The model to download, rename or delete.",
    )
    card = cards[name]
    low, high = card.test_interval
    network = name_network(card.architecture, card.configuration.get("blocks"))
    st.caption(
        f"{plain(network)}, {card.parameters:,} parameters, {card.epochs} epochs in "
        f"{card.training_seconds:,.0f} s, seed {card.seed}. MNIST test accuracy "
        f"**{card.test_accuracy:.2%}** (95% CI {low:.2%} to {high:.2%})."
    )
    with st.container(horizontal=True):
        for file, (label, description) in _FILES.items():
            _show_download(card, file, label, description)
        popover = st.popover(
            "More formats",
            icon=":material/deployed_code:",
            key="shelf_formats",
            on_change="rerun",
            help="For microcontrollers, ONNX and others.",
        )
        # Closed, it reads no files, but still hands over one that is being made.
        making = any(st.session_state.get(f"shelf_as_{kind}_files") for kind in FORMATS)
        if popover.open or making:
            with popover:
                _show_formats(card)
        if is_bundled(card.name):
            st.caption("Bundled models cannot be renamed or deleted.")
            return
        if not rights.may_change_model(card.name):
            st.caption(plain(rights.change_refusal()))
            return
        with st.popover(
            "Rename", icon=":material/edit:", key="shelf_rename_open", help="Choose another name."
        ):
            _show_rename(card)
        with st.popover(
            "Delete",
            icon=":material/delete:",
            key="shelf_delete_open",
            help="Asks before it deletes.",
        ):
            _show_delete(card)


def _show_download(card: ModelCard, file: str, label: str, description: str) -> None:
    path = models_directory() / card.name / file
    if path.is_file():
        save_button(
            label,
            path.read_bytes,
            f"{card.name}-{file}",
            "application/json" if file == CARD else "application/octet-stream",
            key=f"shelf_{file}",
            icon=":material/download:",
            help=description,
        )


def _show_formats(card: ModelCard) -> None:
    """A button for each other format; what a file is worth, as soon as it was made."""
    problem = tensorflow_problem("Converting models")
    st.caption("A file is made in about a minute, and tested on the MNIST test images.")
    for kind, form in FORMATS.items():
        if kind == "int8" and card.configuration.get("quantize"):
            continue  # its LiteRT file has 8 bits
        known = known_accuracy(card, kind)
        if not problem or known:
            save_button(
                form.title,
                partial(_make, card, kind),
                card.name + form.suffix,
                key=f"shelf_as_{kind}",
                icon=":material/download:",
                help="Made once, then kept.",
            )
        st.caption(form.summary + _worth(card, known))
    if problem:
        st.info(plain(problem), icon=":material/download:")


def _make(card: ModelCard, kind: str) -> bytes:
    return export_as(card, kind).content


def _worth(card: ModelCard, known: tuple[int, float] | None) -> str:
    """The size and accuracy of a file; "" if it was not made yet."""
    if known is None:
        return ""
    size, accuracy = known
    lost = card.test_accuracy - accuracy
    change = f"{abs(lost):.2%} {'less' if lost > 0 else 'more'} than" if lost else "the same as"
    return f" {size / 1e6:.2f} MB, MNIST test accuracy **{accuracy:.2%}**, {change} LiteRT."


def _show_rename(card: ModelCard) -> None:
    name = st.text_input(
        "New name",
        card.name,
        max_chars=40,
        key=f"shelf_name_{card.name}",
        help="Lower-case letters, digits, '-', '_' and '.'.",
    )
    if st.button(
        "Rename",
        key="shelf_rename",
        disabled=name == card.name,
        help="Visitors who use the model choose it again under its new name.",
    ):
        with show_errors():
            _check(card)
            rename_model(card.name, name)
            rights.own_model(name)
            if model_picker.chosen() == card.name:
                model_picker.use(name)
            st.session_state.pop("shelf", None)
            st.rerun()


def _show_delete(card: ModelCard) -> None:
    st.write(f"“{card.name}” will be deleted permanently.")
    if st.button("Delete", key="shelf_delete", help="This cannot be undone."):
        with show_errors():
            _check(card)
            delete_model(card.name)
            st.rerun()


def _check(card: ModelCard) -> None:
    # The page may be old: a training may have replaced the model since.
    if not rights.may_change_model(card.name):
        raise rights.NotAllowedError(rights.change_refusal())
