"""The embedding map: the network's features of test images and of the digit on the canvas."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from mnist_core import Digit, ModelCard, Recognizer, load_mnist
from mnist_core.charts.captions.evaluation import describe_probabilities
from mnist_core.charts.captions.robustness import describe_map
from mnist_core.charts.embedding_map import DragMode, map_figure
from mnist_core.charts.probabilities import probability_bars
from mnist_core.explanation.embedding_map import IMAGES, EmbeddingMap, build_embedding_map
from pages.evaluate import clicks_3d, map_selection
from pages.widgets import explain, model_picker
from pages.widgets.charts import chart, enlarged
from pages.widgets.show_errors import plain, show_errors

FLAT, DEEP = "2-D", "3-D"
MOVE, BOX, LASSO = "Move", "Box", "Lasso"
DRAGS: dict[str, DragMode] = {MOVE: "pan", BOX: "select", LASSO: "lasso"}
_SELECTED = "map_selected"
HINTS = {
    DEEP: "Click for details, drag to turn.",
    MOVE: "Click for details.",
    BOX: "Drag a rectangle around images to see them.",
    LASSO: "Draw a line around images to see them.",
}


@st.fragment
def show(card: ModelCard, drawn: Sequence[Digit] | None = None) -> None:
    """Show a model's embedding map.

    Args:
        card: the model's card.
        drawn: digits to show among the test images; None takes those on the Draw page's canvas.
    """
    with st.container(key="feature_map"), show_errors():
        st.header("Embedding")
        recognizer = model_picker.load(card)
        if drawn is None:
            canvas = st.session_state.get("canvas_read")
            drawn = [] if canvas is None else recognizer.read(canvas)
        _show(recognizer, drawn)


def _show(recognizer: Recognizer, drawn: Sequence[Digit]) -> None:
    card = recognizer.card
    digest = f"{card.name} {card.digest}"
    reader = explain.activation_reader(card)
    with st.spinner("Computing the map …", show_time=True):
        embedding = _build(digest, card)
    axes, image, errors_only, drag = _show_controls()
    deep = axes == DEEP
    frame = None if image is None else load_mnist().x_test[image]

    def positions(frames: list[np.ndarray]) -> np.ndarray | None:
        return embedding.project(reader.features(np.stack(frames))) if frames else None

    selected = positions([] if frame is None else [frame])
    figure = map_figure(
        embedding,
        axes=3 if deep else 2,
        drawn=positions([digit.frame for digit in drawn]),
        drawn_names=[f"yours: {digit.label}, {digit.confidence:.1%}" for digit in drawn],
        selected=None if selected is None else selected[0],
        errors_only=errors_only,
        drag=DRAGS[drag],
    )
    key = f"map_{card.name}_{axes}_{errors_only}_{drag}"
    places = _show_chart(card, embedding, figure, key, deep=deep)
    st.caption(
        f"Principal components of the {len(embedding.mean)} features before {plain(card.name)}'s "
        f"last layer, for {len(embedding.labels):,} MNIST test images. Hover to see the image. "
        + HINTS[DEEP if deep else drag]
        + (" The star is your digit." if drawn else " A digit on the Draw page appears here, too.")
    )
    if image is not None and selected is not None:
        _show_details(recognizer, image)
        map_selection.show_neighbors(embedding, selected[0], image)
    map_selection.show(embedding, places)


def _show_controls() -> tuple[str, int | None, bool, str]:
    """Choose the dimensions, a test image, whether to show only errors, and what dragging does."""
    state = st.session_state
    # A click in 3-D is known only after the number box was drawn.
    if (clicked := state.pop("map_clicked", None)) is not None:
        state["map_image"] = clicked
    with st.container(horizontal=True, vertical_alignment="bottom"):
        axes = st.segmented_control(
            "Dimensions",
            [FLAT, DEEP],
            default=FLAT,
            required=True,
            key="map_axes",
            persist_state="session",
            help="The first two or three principal components.",
        )
        image = st.number_input(
            "Test image",
            0,
            len(load_mnist().x_test) - 1,
            None,
            key="map_image",
            persist_state="session",
            placeholder="0 to 9999",
            width=170,
            help="The index of any test image, even one that is not on the map.",
        )
        errors_only = st.toggle(
            "Errors only",
            key="map_errors",
            persist_state="session",
            help="Hide the images that were read correctly.",
        )
        drag = st.segmented_control(
            "Drag to",
            list(DRAGS),
            default=MOVE,
            required=True,
            key="map_drag",
            persist_state="session",
            disabled=axes == DEEP,
            help="*Box* and *Lasso* select images, whose grid and accuracy appear below the map. "
            "Only the 2-D map has them: Plotly cannot select in 3-D.",
        )
    return axes, image, errors_only, drag


def _show_chart(
    card: ModelCard, embedding: EmbeddingMap, figure: Any, key: str, *, deep: bool
) -> list[int]:
    """Show the map, in which a click chooses an image; the places that a box or lasso selects."""
    state = st.session_state

    def select_points() -> None:
        selection = state[key].selection
        # Drawn digits and the mark of the selected image are not test images.
        places = [int(p["customdata"][0]) for p in selection.points if "customdata" in p]
        if not places:
            return  # a redrawn chart loses its selection without a click
        if selection.box or selection.lasso:
            state[_SELECTED] = (key, places)
        else:
            state["map_image"] = int(embedding.indices[places[0]])

    alt = (
        f"Embedding of {len(embedding.labels):,} test images by {card.name}: a point for each, in "
        "the color of its digit; errors are crosses."
    )
    # Streamlit cannot select points in 3-D.
    options: dict[str, Any] = {}
    if not deep:
        modes = ("points", "box", "lasso")
        options = {"on_select": select_points, "selection_mode": modes}
    caption = describe_map(embedding, 3 if deep else 2)
    chart(figure, f"map_{card.name}", alt, caption=caption, key=key, **options)
    if deep and (place := clicks_3d.clicked_point(key, "map_clicks")) is not None:
        st.session_state["map_clicked"] = int(embedding.indices[place])
        st.rerun(scope="fragment")
    # Those of another model, or of a map that is shown otherwise, are others.
    selected_on, places = state.get(_SELECTED, ("", []))
    return places if selected_on == key else []


@st.cache_resource(show_spinner=False, max_entries=16)
def _build(digest: str, _card: ModelCard) -> EmbeddingMap:
    return build_embedding_map(model_picker.load(_card), explain.activation_reader(_card), IMAGES)


def _show_details(recognizer: Recognizer, image: int) -> None:
    """Show a test image, its probabilities and their explanation."""
    frame, label = load_mnist().x_test[image], int(load_mnist().y_test[image])
    probabilities = recognizer.classify(frame[np.newaxis])[0]
    answer = int(probabilities.argmax())
    with st.container(horizontal=True, key="map_chosen"):
        with st.container(width=190):
            st.image(enlarged(frame, 5), width=140, alt=f"MNIST test image {image}, a {label}.")
            result = "correct" if answer == label else f"predicted as **{answer}**"
            st.markdown(f"**{label}**, {result}  \n:small[test image {image}]")
            chart(
                probability_bars(probabilities),
                "probabilities",
                f"Probabilities of the ten digits; {answer} has {probabilities.max():.1%}.",
                caption=describe_probabilities(probabilities),
                key=f"map_bars_{image}",
            )
        with st.container(width=480):
            explain.show(recognizer, frame, f"map_{image}")
