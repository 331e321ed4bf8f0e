"""What is judged on what: the sets to choose from, and the assessments, shared by all visitors."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from threading import Thread

import streamlit as st

from mnist_core import MnistError, ModelCard
from mnist_core.corrections.store import CorrectionStore
from mnist_core.data import NOT_A_DIGIT
from mnist_core.evaluation.assessment import Assessment, assess
from mnist_core.evaluation.dataset_files import load_labelled
from mnist_core.evaluation.datasets import LabelledImages, held_out, mnist_test, scikit_learn_digits
from mnist_core.registry.card import PREDICTIONS
from mnist_core.registry.splits import splits
from pages.widgets import model_picker

UPLOAD_HELP = (
    "An NPZ with the arrays `images` and `labels`, such as `numpy.savez` writes, or a ZIP of the "
    "folders 0 to 9 with pictures in them."
)
_KEPT = "evaluation_upload_kept"


def uploaded(cards: Sequence[ModelCard]) -> LabelledImages | None:
    """The set that a visitor sent."""
    state = st.session_state
    upload = st.file_uploader(
        "A labelled set",
        type=["npz", "zip"],
        key="evaluation_upload",
        # The browser forgets the file when another tab is looked at; its images are kept.
        on_change=lambda: state.pop(_KEPT, None),
    )
    if upload is not None and _KEPT not in state:
        with st.spinner("Reading the set …"):
            state[_KEPT] = _parsed(upload.name, upload.getvalue())
    if _KEPT not in state:
        st.caption(UPLOAD_HELP)
    kept: LabelledImages | None = state.get(_KEPT)
    return kept


def corrected() -> LabelledImages | None:
    """The digits that were corrected on the other pages; what is no digit has no right answer."""
    frames, labels = CorrectionStore().arrays()
    digits = labels < NOT_A_DIGIT
    if not digits.any():
        st.info(
            "Nothing was corrected yet: press *Wrong?* beside a digit on the Draw or Webcam page."
        )
        return None
    left_out = len(labels) - int(digits.sum())
    notes = (f"{left_out} that show no digit are left out.",) if left_out else ()
    return LabelledImages(
        name="my corrections", images=frames[digits], labels=labels[digits], notes=notes
    )


# Name -> what gives the set for these models, None while there is none. Each may show what it
# needs to be told, and raise an MnistError.
SOURCES: dict[str, Callable[[Sequence[ModelCard]], LabelledImages | None]] = {
    "MNIST test": lambda cards: mnist_test(),
    "MNIST validation": lambda cards: _held_out(tuple(splits(card) for card in cards), list(cards)),
    "scikit-learn digits": lambda cards: _small_digits(),
    "My corrections": lambda cards: corrected(),
    "Uploaded set": uploaded,
}


def assessment(card: ModelCard, data: LabelledImages) -> Assessment:
    """A model judged on a set, once for all visitors as long as both stay the same.

    Raises:
        ModelLoadError: the model or its stored answers are damaged.
    """
    digests = (card.digest, card.sha256.get(PREDICTIONS, ""))
    return _assess(card.name, digests, data.digest, data.name, card, data)


@st.cache_resource(show_spinner="Reading the images …", max_entries=12)
def _assess(
    name: str,
    digests: tuple[str, str],
    data_digest: str,
    data_name: str,
    _card: ModelCard,
    _data: LabelledImages,
) -> Assessment:
    return assess(_card, _data, lambda: model_picker.load(_card))


@st.cache_resource(show_spinner=False, max_entries=4)
def _parsed(name: str, content: bytes) -> LabelledImages:
    return load_labelled(content, name)


@st.cache_resource(show_spinner="Finding the digits …")
def _small_digits() -> LabelledImages:
    return scikit_learn_digits()


@st.cache_resource(show_spinner=False, max_entries=8)
def _held_out(
    parted: tuple[tuple[tuple[int, float], ...], ...], _cards: list[ModelCard]
) -> LabelledImages:
    return held_out(_cards)


@st.cache_resource(show_spinner=False)
def warm_up() -> Thread:
    """Import what the tab needs, beside everything else, before anyone opens it.

    Whoever needs it joins the thread: no two threads import the same packages at the same time.
    """
    thread = Thread(target=_import, name="evaluation imports", daemon=True)
    thread.start()
    return thread


def _import() -> None:
    for name in ("scipy.stats", "sklearn.metrics"):
        import_module(name)
    # Hashed once in a process's life; a damaged file is explained where it is asked for.
    with suppress(MnistError):
        _ = mnist_test().digest
