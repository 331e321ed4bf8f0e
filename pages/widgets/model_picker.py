"""Which model reads: the choice in the sidebar, and the loaded network, shared by all visitors."""

import streamlit as st

import mnist_core
from mnist_core.networks.architectures import ARCHITECTURES
from mnist_core.registry.store import load_card

_CHOICE = "model"
# What is to be chosen when the choice is next shown; it cannot be changed once it has been.
_NEXT = "model_next"


def show() -> bool:
    """Show the choice in the sidebar; False when there is no model to choose."""
    cards = {card.name: card for card in mnist_core.list_models()}
    if not cards:
        return False
    state = st.session_state
    if (following := state.pop(_NEXT, None)) in cards:
        state[_CHOICE] = following
    if state.get(_CHOICE) not in cards:
        state.pop(_CHOICE, None)  # it was removed or renamed since
    with st.sidebar:
        name = st.selectbox(
            "Model",
            list(cards),
            key=_CHOICE,
            format_func=lambda name: f"{name} · {cards[name].test_accuracy:.2%}",
            help="The network that reads. The figure is its accuracy on the MNIST test images.",
        )
        card = cards[name]
        low, high = card.test_interval
        architecture = ARCHITECTURES.get(card.architecture)
        summary = architecture.summary if architecture else card.architecture
        if card.members:
            summary = f"The mean of {' and '.join(card.members)}."
        st.caption(
            f"{summary}  \n"
            f"**{card.test_accuracy:.2%}** of 10,000 MNIST test images read rightly "
            f"(95 % interval {low:.2%} to {high:.2%}). {card.parameters:,} parameters."
        )
    return True


def use(name: str) -> None:
    """Choose a model, from the next run of the page on."""
    st.session_state[_NEXT] = name


def recognizer() -> mnist_core.Recognizer:
    """The chosen model, loaded once for all visitors as long as its file stays the same.

    Raises:
        ModelNotFoundError, ModelLoadError: it is gone or damaged.
    """
    return load(load_card(st.session_state.get(_CHOICE)))


def load(card: mnist_core.ModelCard) -> mnist_core.Recognizer:
    """A model, loaded once for all visitors as long as its file stays the same.

    Raises:
        ModelNotFoundError, ModelLoadError: it is gone or damaged.
    """
    return _load(card.name, card.digest)


def chosen() -> str | None:
    """The name of the model chosen in the sidebar; None before there is a choice."""
    return st.session_state.get(_CHOICE)


@st.cache_resource(show_spinner=False, max_entries=16)
def _load(name: str, digest: str) -> mnist_core.Recognizer:
    # The digest is there for the cache: a model that was trained again is loaded again.
    return mnist_core.load_recognizer(name)
