"""The choice of the model in the sidebar, and the loaded models, shared by all visitors."""

from collections.abc import Callable
from contextlib import suppress
from operator import attrgetter
from typing import Any

import streamlit as st

from mnist_core import MnistError, ModelCard, Recognizer, list_models, load_recognizer
from mnist_core.networks.architectures import ARCHITECTURES
from mnist_core.networks.blocks.file import parse_blocks
from mnist_core.networks.blocks.network import architecture_of
from mnist_core.registry.store import load_card
from pages.widgets.show_errors import plain

# What a cached function knows a model by: one that is trained again has another digest.
HASHES: dict[str | type[Any], Callable[[Any], Any]] = {
    ModelCard: attrgetter("name", "digest"),
    Recognizer: attrgetter("card.name", "card.digest"),
}
_KEY = "model"
# The model to choose in the next run: a widget's value cannot be set after it was shown.
_NEXT = "model_next"


def show() -> bool:
    """Show the choice in the sidebar; return False if there is no model."""
    cards = {card.name: card for card in list_models()}
    if not cards:
        return False
    state = st.session_state
    if (following := state.pop(_NEXT, None)) in cards:
        state[_KEY] = following
    if state.get(_KEY) not in cards:
        state.pop(_KEY, None)  # It was deleted or renamed.
    with st.sidebar:
        name = st.selectbox(
            "Model",
            list(cards),
            key=_KEY,
            bind="query-params",
            help="The network that reads.",
        )
        card = cards[name]
        low, high = card.test_interval
        summary = _summary(card)
        if card.members:
            summary = f"Ensemble of {plain(' and '.join(card.members))}."
        st.caption(
            f"{summary}  \n"
            f"**{card.test_accuracy:.2%}** of 10,000 MNIST test images correct "
            f"(95% CI {low:.2%} to {high:.2%}). {card.parameters:,} parameters."
        )
    return True


def _summary(card: ModelCard) -> str:
    if card.architecture in ARCHITECTURES:
        return ARCHITECTURES[card.architecture].summary
    with suppress(MnistError):  # neither blocks, nor of a later version
        return plain(architecture_of(parse_blocks(card.configuration.get("blocks"))).summary)
    return plain(card.architecture)


def use(name: str) -> None:
    """Choose a model from the next run of the page on."""
    st.session_state[_NEXT] = name


def chosen() -> str | None:
    """The name of the chosen model; None before there is a choice."""
    return st.session_state.get(_KEY)


def recognizer() -> Recognizer:
    """The chosen model, loaded.

    Raises:
        ModelNotFoundError, ModelLoadError: it is gone or damaged.
    """
    return load(load_card(chosen()))


@st.cache_resource(show_spinner=False, max_entries=16, hash_funcs=HASHES)
def load(card: ModelCard) -> Recognizer:
    """A model, loaded once for all visitors until its file changes.

    Raises:
        ModelNotFoundError, ModelLoadError: it is gone or damaged.
    """
    return load_recognizer(card.name)
