"""The data sets to choose from, and the models' results on them, shared by all visitors."""

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
from mnist_core.evaluation.datasets import mnist_test, mnist_validation, scikit_learn_digits
from mnist_core.evaluation.labelled_images import LabelledImages
from mnist_core.registry.card import PREDICTIONS
from mnist_core.registry.splits import splits
from pages.widgets import login, model_picker, uploads
from pages.widgets.rights import Action

_PARSED = "evaluation_upload_parsed"


def _uploaded(cards: Sequence[ModelCard]) -> LabelledImages | None:
    if login.show_refusal(Action.UPLOAD):
        return None
    held = uploads.large()
    with st.container(key="evaluation_upload"):
        # The file stays until its images are read in the run after this callback.
        uploads.take(
            lambda file: held.update({_PARSED: (file.name, file.getvalue())}),
            "Labeled images",
            key="evaluation",
            help="Read once and kept for your visit only; other visitors do not see it.",
        )
    if isinstance(held.get(_PARSED), tuple):
        name, content = held[_PARSED]
        with st.spinner("Reading the file …"):
            try:
                held[_PARSED] = load_labelled(content, name)
            except MnistError as error:
                held[_PARSED] = error
    parsed: LabelledImages | MnistError | None = held.get(_PARSED)
    if isinstance(parsed, MnistError):
        raise parsed
    if parsed is None:
        st.caption(
            "An NPZ file with the arrays *images* and *labels*, as numpy.savez writes it, or a "
            "ZIP file of images in folders 0 to 9."
        )
    return parsed


def _corrections(cards: Sequence[ModelCard]) -> LabelledImages | None:
    """The digits among the visitor's corrections; a non-digit has no correct answer."""
    if login.show_refusal(Action.CORRECT):
        return None
    frames, labels = CorrectionStore().arrays()
    digits = labels < NOT_A_DIGIT
    if not digits.any():
        st.info("There are no corrections yet. Press *Wrong?* on the Draw or Webcam page.")
        return None
    left_out = len(labels) - int(digits.sum())
    return LabelledImages(
        name="my corrections",
        images=frames[digits],
        labels=labels[digits],
        notes=(f"Non-digits left out: {left_out}.",) if left_out else (),
    )


def _scikit_learn_digits(cards: Sequence[ModelCard]) -> LabelledImages:
    with st.spinner("Finding the digits …"):
        return scikit_learn_digits()


@st.cache_resource(show_spinner=False, max_entries=8)
def _validation(
    key: tuple[tuple[tuple[int, float], ...], ...], _cards: Sequence[ModelCard]
) -> LabelledImages:
    return mnist_validation(_cards)


# Name -> the set for these models, or None until the visitor has chosen one. A source may show
# widgets and raise an MnistError.
SOURCES: dict[str, Callable[[Sequence[ModelCard]], LabelledImages | None]] = {
    "MNIST test": lambda _: mnist_test(),
    "MNIST validation": lambda cards: _validation(tuple(splits(card) for card in cards), cards),
    "scikit-learn digits": _scikit_learn_digits,
    "My corrections": _corrections,
    "Uploaded set": _uploaded,
}


def assessment(card: ModelCard, data: LabelledImages) -> Assessment:
    """A model's results on a set, computed once while both stay the same.

    Raises:
        ModelLoadError: the model or its stored predictions are damaged.
    """
    digests = (card.digest, card.sha256.get(PREDICTIONS, ""), data.digest)
    assess_once = _assess_upload if is_private(data) else _assess
    return assess_once(card.name, data.name, digests, card, data)


def is_private(data: LabelledImages) -> bool:
    """Are these the images of one visitor, which are not kept for all?"""
    return uploads.large().get(_PARSED) is data


@st.cache_resource(show_spinner="Classifying the images …", max_entries=12)
def _assess(
    model: str, data_name: str, digests: tuple[str, ...], _card: ModelCard, _data: LabelledImages
) -> Assessment:
    return assess(_card, _data, lambda: model_picker.load(_card))


@st.cache_resource(show_spinner="Classifying the images …", max_entries=4, scope="session")
def _assess_upload(
    model: str, data_name: str, digests: tuple[str, ...], _card: ModelCard, _data: LabelledImages
) -> Assessment:
    return assess(_card, _data, lambda: model_picker.load(_card))


@st.cache_resource(show_spinner=False)
def warm_up() -> Thread:
    """Import in the background what the tab needs, before anyone opens it.

    Join the thread before using the packages: two threads must not import them at the same time.
    """
    thread = Thread(target=_import, name="evaluation imports", daemon=True)
    thread.start()
    return thread


def _import() -> None:
    for name in ("scipy.stats", "sklearn.metrics"):
        import_module(name)
    # Computes and caches the digest. A damaged file is reported where it is used.
    with suppress(MnistError):
        _ = mnist_test().digest
