"""The training images that are most like an image, and what a small change of it would take."""

from collections import Counter

import numpy as np
import streamlit as st

from mnist_core import Recognizer, load_mnist
from mnist_core.charts.captions.explanation import describe_crossing
from mnist_core.charts.perturbations import change_image
from mnist_core.explanation.activations import ActivationReader
from mnist_core.explanation.crossing import Crossing, find_crossing
from mnist_core.explanation.similar_images import SimilarImages, find_similar_images
from mnist_core.registry.card import ModelCard
from pages.widgets.charts import enlarged, show_caption
from pages.widgets.model_picker import HASHES

# Neighbors whose labels are counted, and those that are shown.
NEIGHBORS, SHOWN = 50, 8
# Enlargement of the images of a change: three fit beside each other in a dialog and on a phone.
FACTOR = 3


def show(
    recognizer: Recognizer, reader: ActivationReader, frame: np.ndarray, label: int, runner_up: int
) -> None:
    """Show the nearest training images, those of the runner-up, and how to become one of these.

    Args:
        recognizer: the model.
        reader: of the same model.
        frame: (28, 28) uint8.
        label: its answer.
        runner_up: its second most probable digit.
    """
    dataset = load_mnist()
    similar = _similar_images(recognizer.card, reader)
    ranking = similar.nearest(reader.features(frame[np.newaxis])[0])
    if (dataset.x_train[ranking[0]] == frame).all():
        ranking = ranking[1:]  # it is a training image itself
    labels = dataset.y_train[ranking]
    counts = Counter(labels[:NEIGHBORS].tolist()).most_common()
    words = ", ".join(
        f"{'all' if count == NEIGHBORS else count} are labeled {digit}" for digit, count in counts
    )
    st.caption(
        f"Of the {NEIGHBORS} training images that are most like yours to the network, {words}. "
        "They are compared by the input of the last layer (Papernot and McDaniel, 2018)."
    )
    others = ranking[labels == runner_up][:SHOWN]
    for title, found in (
        ("The most similar", ranking[:SHOWN]),
        (f"The most similar {runner_up}", others),
    ):
        st.markdown(f"**{title}**")
        st.image(
            [enlarged(dataset.x_train[index], 2) for index in found],
            caption=[str(dataset.y_train[index]) for index in found],
            width=48,
            alt=[f"A training image labeled {dataset.y_train[index]}." for index in found],
        )
    _show_crossing(recognizer, frame, dataset.x_train[others], label, runner_up)


@st.cache_resource(
    show_spinner="Looking at all training images; the first time takes a minute or two …",
    max_entries=4,
    hash_funcs=HASHES,
)
def _similar_images(card: ModelCard, _reader: ActivationReader) -> SimilarImages:
    return find_similar_images(_reader)


@st.cache_resource(show_spinner=False, max_entries=100, hash_funcs=HASHES)
def _crossing(
    recognizer: Recognizer, frame: np.ndarray, sources: np.ndarray, digit: int
) -> Crossing | None:
    return find_crossing(recognizer.classify, frame, sources, digit)


def _show_crossing(
    recognizer: Recognizer, frame: np.ndarray, sources: np.ndarray, label: int, digit: int
) -> None:
    """Show the small change that makes the image the runner-up."""
    st.markdown(f"**From {label} to {digit}**")
    crossing = _crossing(recognizer, frame, sources, digit)
    if crossing is None:
        st.caption(f"The network reads none of these images as {digit}.")
        return
    score = recognizer.digit_scores(crossing.frame[np.newaxis])[0]
    with st.container(horizontal=True, gap="small"):
        for picture, caption, alt in (
            (enlarged(frame, FACTOR), str(label), "The image before the change."),
            (
                change_image(frame, crossing.frame, factor=FACTOR),
                "the change",
                "The change of each pixel: blue is added ink, orange is ink taken away.",
            ),
            (
                enlarged(crossing.frame, FACTOR),
                str(digit),
                f"The image after the change, read as {digit}.",
            ),
        ):
            st.image(picture, caption=caption, width=28 * FACTOR, alt=alt)
    refused = bool(score < recognizer.card.digit_threshold)
    show_caption(describe_crossing(crossing, label, is_digit=not refused))
