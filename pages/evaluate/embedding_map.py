"""The map of what a network sees: its features of test images, and of the digit just drawn."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import streamlit as st

from mnist_core import Digit, MnistError, ModelCard, Recognizer, load_mnist
from mnist_core.charts.embedding_map import map_figure
from mnist_core.charts.probabilities import probability_bars
from mnist_core.explanation.activations import ActivationReader
from mnist_core.explanation.embedding_map import IMAGES, EmbeddingMap, build_embedding_map
from pages.evaluate import clicks_3d
from pages.widgets import charts, explain, model_picker

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
    digest = f"{card.name} {card.digest}"
    recognizer, inside = model_picker.load(card), explain.inside(digest, card)
    with st.spinner("Drawing the map …", show_time=True):
        features = _map(digest, card)
    state = st.session_state
    # A click in 3-D is known only after the box below has been drawn.
    if (clicked := state.pop("map_clicked", None)) is not None:
        state["map_image"] = clicked
    with st.container(horizontal=True, vertical_alignment="bottom"):
        axes = st.segmented_control(
            "Axes", [FLAT, DEEP], default=FLAT, required=True, key="map_axes"
        )
        image = st.number_input(
            "Test image",
            0,
            len(load_mnist().x_test) - 1,
            None,
            key="map_image",
            placeholder="0 to 9999",
            width=170,
            help="Its number, or click its point. It need not be one of those on the map.",
        )
        errors_only = st.toggle("Errors only", key="map_errors")
    frame = None if image is None else load_mnist().x_test[image]
    figure = map_figure(
        features,
        axes=2 if axes == FLAT else 3,
        drawn=_placed(inside, features, [digit.frame for digit in drawn]),
        drawn_names=[f"yours: {digit.label}, {digit.confidence:.1%}" for digit in drawn],
        looked_at=None if frame is None else features.place(inside.features(frame[np.newaxis]))[0],
        errors_only=errors_only,
    )
    _show_chart(card, features, figure, f"map_{card.name}_{axes}_{errors_only}", deep=axes == DEEP)
    st.caption(
        f"{len(features.labels):,} MNIST test images as {card.name} sees them: the "
        f"{len(features.mean)} values before its last layer, on their principal components. "
        f"Near together: alike for the network. {int(features.wrong.sum())} crosses are errors, in "
        "the color of what they really are. Hover for the image, click to look closer"
        + (". " if axes == FLAT else ", drag to turn. ")
        + ("The star is yours." if drawn else "What is drawn on the Draw page appears here, too.")
    )
    if frame is not None:
        _show_one(recognizer, frame, image)


def _placed(
    inside: ActivationReader, features: EmbeddingMap, frames: list[np.ndarray]
) -> np.ndarray | None:
    return features.place(inside.features(np.stack(frames))) if frames else None


def _show_chart(
    card: ModelCard, features: EmbeddingMap, figure: Any, key: str, *, deep: bool
) -> None:
    """The map; a click on a point looks closer at its image."""

    def take_point() -> None:
        points = st.session_state[key].selection.points
        # What was drawn, and the mark of what is looked at, are no test images.
        places = [point["customdata"][0] for point in points if "customdata" in point]
        if places:
            st.session_state["map_image"] = int(features.chosen[int(places[0])])

    alt = (
        f"{len(features.labels):,} test images as {card.name} sees them: a point each, in the "
        "color of its digit; errors are crosses."
    )
    config = charts.camera(f"map_{card.name}")
    if not deep:
        st.plotly_chart(
            figure, key=key, on_select=take_point, selection_mode="points", config=config, alt=alt
        )
        return
    st.plotly_chart(figure, key=key, config=config, alt=alt)
    place = clicks_3d.hear(key, "map_clicks")
    if place is not None:
        st.session_state["map_clicked"] = int(features.chosen[place])
        st.rerun(scope="fragment")


@st.cache_resource(show_spinner=False, max_entries=16)
def _map(digest: str, _card: ModelCard) -> EmbeddingMap:
    return build_embedding_map(model_picker.load(_card), explain.inside(digest, _card), IMAGES)


def _show_one(recognizer: Recognizer, frame: np.ndarray, image: int) -> None:
    """An image, its probabilities and why."""
    label = int(load_mnist().y_test[image])
    probabilities = recognizer.classify(frame[np.newaxis])[0]
    with st.container(horizontal=True, key="map_chosen"):
        with st.container(width=190):
            st.image(
                cv2.resize(frame, None, fx=5, fy=5, interpolation=cv2.INTER_NEAREST),
                width=140,
                alt=f"MNIST test image {image}, a {label}.",
            )
            answer = int(probabilities.argmax())
            said = "read rightly" if answer == label else f"read as **{answer}**"
            st.markdown(f"A **{label}**, {said}  \n:small[test image {image}]")
            st.plotly_chart(
                probability_bars(probabilities),
                key=f"map_bars_{image}",
                config=charts.camera("probabilities"),
                alt=f"Probabilities of the ten digits; {answer} has {probabilities.max():.1%}.",
            )
        with st.container(width=480):
            explain.show(recognizer, frame, f"map_{image}")
