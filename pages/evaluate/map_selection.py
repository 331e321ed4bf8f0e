"""Images of the embedding map: those that a box or lasso selects, and an image's neighbors."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import streamlit as st

from mnist_core.charts.captions.caption import count, enumerate_words
from mnist_core.evaluation.metrics import wilson_interval
from mnist_core.explanation.embedding_map import EmbeddingMap
from pages.widgets import gallery

# Images in a grid.
PAGE, NEIGHBORS = 60, 12


def show(embedding: EmbeddingMap, places: Sequence[int]) -> None:
    """Show the accuracy, the labels and the images at these places of the map."""
    with st.container(key="map_selection"):
        if not places:
            return
        st.subheader(f"{count(len(places), 'image')} selected")
        st.markdown(describe(embedding, places))
        # Errors first, then what the network was least certain of.
        ranking = sorted(
            places, key=lambda place: (not embedding.is_error[place], embedding.confidence[place])
        )
        _show_grid(embedding, ranking[:PAGE], "map_selection_gallery")
        if len(ranking) > PAGE:
            st.caption(f"The first {PAGE}: errors, then the least confident predictions.")


def show_neighbors(embedding: EmbeddingMap, position: np.ndarray, image: int) -> None:
    """Show the images of the map that are most similar to a test image.

    Args:
        embedding: the map.
        position: (k,) of the test image.
        image: its index.
    """
    found = [
        place
        for place in embedding.neighbors(position, NEIGHBORS + 1).tolist()
        if embedding.indices[place] != image
    ][:NEIGHBORS]
    with st.container(key="map_neighbors"):
        st.subheader("Neighbors on the map")
        st.markdown(
            f"The {len(found)} most similar of the map's images by the network's features, not by "
            f"the axes shown alone: {_labels(embedding, found)}."
        )
        _show_grid(embedding, found, f"map_neighbors_gallery_{image}")


def describe(embedding: EmbeddingMap, places: Sequence[int]) -> str:
    """The accuracy and the labels of some images."""
    errors = int(embedding.is_error[list(places)].sum())
    low, high = wilson_interval(len(places) - errors, len(places))
    return (
        f"Accuracy **{1 - errors / len(places):.1%}** (95% CI {low:.1%} to {high:.1%}, "
        f"{count(errors, 'error')}). Labels: {_labels(embedding, places)}."
    )


def _labels(embedding: EmbeddingMap, places: Sequence[int]) -> str:
    counts = Counter(embedding.labels[list(places)].tolist()).most_common()
    return enumerate_words([f"{number:,} × {label}" for label, number in counts])


def _show_grid(embedding: EmbeddingMap, places: Sequence[int], key: str) -> None:
    frames = embedding.frames
    pictures = [
        gallery.Picture(
            id=int(embedding.indices[place]),
            frame=frames[place],
            caption=f"{embedding.labels[place]} → {embedding.predicted[place]}\n"
            f"{embedding.confidence[place]:.0%}",
            alt=f"Test image {embedding.indices[place]}: {embedding.labels[place]}, predicted as "
            f"{embedding.predicted[place]}, confidence {embedding.confidence[place]:.1%}.",
        )
        for place in places
    ]
    chosen = st.session_state.get("map_image")
    picked = gallery.show(pictures, chosen, key=key)
    if picked is not None and picked != chosen:
        # The number box that has it was drawn already.
        st.session_state["map_clicked"] = picked
        st.rerun(scope="fragment")
