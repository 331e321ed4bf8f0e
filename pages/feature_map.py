"""The map of what a network sees: its features of test images, and of the digit just drawn."""

from collections.abc import Sequence

import cv2
import numpy as np
import streamlit as st

from mnist_core import Digit, MnistError, ModelCard, Recognizer
from mnist_core.charts import probability_bars
from mnist_core.feature_map import IMAGES, FeatureMap, map_features
from mnist_core.map_charts import map_figure
from mnist_core.registry import TFLITE
from pages import model_picker, why

FLAT, DEEP = "2-D", "3-D"


@st.fragment
def show(model: ModelCard | Recognizer, drawn: Sequence[Digit] | None = None) -> None:
    """The map of a model.

    Args:
        model: the model, or its card.
        drawn: digits that appear among the test images; None takes what is on the Draw page's
            canvas.
    """
    card = model.card if isinstance(model, Recognizer) else model
    with st.container(key="feature_map"):
        try:
            _show(card, _on_the_canvas(card) if drawn is None else list(drawn))
        except MnistError as error:
            st.error(str(error))


def _on_the_canvas(card: ModelCard) -> list[Digit]:
    image = st.session_state.get("canvas_read")
    return [] if image is None else model_picker.load(card).read(image)


def _show(card: ModelCard, drawn: list[Digit]) -> None:
    digest = f"{card.name} {card.sha256.get(TFLITE, '')}"
    recognizer, inside = model_picker.load(card), why.inside(digest, card)
    with st.spinner("Drawing the map …", show_time=True):
        features = _map(digest, card)
    with st.container(horizontal=True, vertical_alignment="center"):
        axes = st.segmented_control(
            "Axes", [FLAT, DEEP], default=FLAT, required=True, key="map_axes"
        )
        errors_only = st.toggle("Errors only", key="map_errors")
    places = inside.features(np.stack([digit.frame for digit in drawn])) if drawn else None
    figure = map_figure(
        features,
        axes=2 if axes == FLAT else 3,
        drawn=None if places is None else features.place(places),
        drawn_names=[f"yours: {digit.label}, {digit.confidence:.1%}" for digit in drawn],
        errors_only=errors_only,
    )
    picked = st.plotly_chart(
        figure,
        key=f"map_{card.name}_{axes}_{errors_only}",
        on_select="rerun",
        selection_mode="points",
        alt=(
            f"{len(features.labels):,} test images as {card.name} sees them: a point each, in the "
            "colour of its digit; errors are crosses."
        ),
    )
    st.caption(
        f"{len(features.labels):,} MNIST test images as {card.name} sees them: the "
        f"{len(features.mean)} values before its last layer, on their principal components. "
        f"Near together: alike for the network. {int(features.wrong.sum())} crosses are errors, in "
        "the colour of what they really are. Hover for the image"
        + (", click to look closer." if axes == FLAT else ", drag to turn.")
    )
    chosen = [
        point["customdata"][0] for point in picked["selection"]["points"] if "customdata" in point
    ]
    if chosen:
        _show_one(recognizer, features, int(chosen[0]))


@st.cache_resource(show_spinner=False, max_entries=16)
def _map(digest: str, _card: ModelCard) -> FeatureMap:
    return map_features(model_picker.load(_card), why.inside(digest, _card), IMAGES)


def _show_one(recognizer: Recognizer, features: FeatureMap, place: int) -> None:
    """The image that was clicked, its probabilities and why."""
    frame, label = features.frames[place], int(features.labels[place])
    probabilities = recognizer.classify(frame[np.newaxis])[0]
    with st.container(horizontal=True, key="map_chosen"):
        with st.container(width=190):
            st.image(
                cv2.resize(frame, None, fx=5, fy=5, interpolation=cv2.INTER_NEAREST),
                width=140,
                alt=f"MNIST test image {features.chosen[place]}, a {label}.",
            )
            answer = int(features.answers[place])
            said = "read rightly" if answer == label else f"read as **{answer}**"
            st.markdown(f"A **{label}**, {said}  \n:small[test image {features.chosen[place]}]")
            st.plotly_chart(
                probability_bars(probabilities),
                key=f"map_bars_{place}",
                config={"displayModeBar": False},
                alt=f"Probabilities of the ten digits; {answer} has {probabilities.max():.1%}.",
            )
        with st.container(width=480):
            why.show(recognizer, frame, f"map_{place}")
