"""A map of what a network sees: images that it holds for alike lie side by side.

The features before the last layer, of some of the MNIST test images, projected onto their three
principal components. The projection is linear and exact: a digit drawn later is put on the same map
at once, by the same rule. (UMAP would part the groups more clearly. It brings 210 MB with numba,
and imports TensorFlow where it finds it; and what it shows of distances is not to be trusted.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import load_mnist
from mnist_core.errors import MnistError
from mnist_core.explanation.activations import ActivationReader
from mnist_core.inference.recognizer import Recognizer
from mnist_core.storage.cache import cache_path, load_arrays, store_arrays

__all__ = ["IMAGES", "EmbeddingMap", "build_embedding_map"]

# So many images make a full map that a browser turns smoothly.
IMAGES = 2000
_AXES = 3
_SEED = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class EmbeddingMap:
    """Test images on a network's map.

    Attributes:
        chosen: (n,) which of the MNIST test images.
        labels: (n,) the true digits.
        answers: (n,) the network's.
        confidence: (n,) probability of the answer, 0 to 1.
        places: (n, 3) along the principal components, the strongest first.
        explained: (3,) each component's share of the features' variance, 0 to 1.
        mean: (units,) what is subtracted from features before they are projected.
        components: (3, units) the components.
    """

    chosen: NDArray[np.int64]
    labels: NDArray[np.int64]
    answers: NDArray[np.int64]
    confidence: NDArray[np.float32]
    places: NDArray[np.float32]
    explained: NDArray[np.float32]
    mean: NDArray[np.float32]
    components: NDArray[np.float32]

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """(n,) where the network erred."""
        return self.labels != self.answers

    @property
    def frames(self) -> NDArray[np.uint8]:
        """(n, 28, 28) the images."""
        return load_mnist().x_test[self.chosen]

    def place(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Where images lie on the map.

        Args:
            features: (m, units), as `ActivationReader.features` of the same model gives them.

        Returns:
            (m, 3).
        """
        return ((features - self.mean) @ self.components.T).astype(np.float32)


def build_embedding_map(
    recognizer: Recognizer, inside: ActivationReader, images: int = IMAGES
) -> EmbeddingMap:
    """Draw the map of a model, or take the one that was drawn before.

    Args:
        recognizer: the model.
        inside: the same model.
        images: how many of the test images, 10 to 10,000.

    Raises:
        MnistError: it is no such number.
    """
    dataset = load_mnist()
    if isinstance(images, bool) or not 10 <= images <= len(dataset.x_test):
        raise MnistError(
            f"A map has 10 to {len(dataset.x_test):,} of the test images. Received: {images!r}"
        )
    order = np.random.default_rng(_SEED).permutation(len(dataset.x_test))
    chosen = order[:images]
    digest = recognizer.card.digest
    path = cache_path("map", digest, recognizer.card.temperature, images)
    kept = _checked(load_arrays(path), images) if digest else None
    if kept is None:
        frames = dataset.x_test[chosen]
        probabilities = recognizer.classify(frames)
        kept = {
            "answers": probabilities.argmax(axis=1),
            "confidence": probabilities.max(axis=1),
            **_project(inside.features(frames)),
        }
        store_arrays(path, kept)
    return EmbeddingMap(chosen=chosen, labels=dataset.y_test[chosen].astype(np.int64), **kept)


def _project(features: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    from sklearn.decomposition import PCA

    # A full decomposition: the same features give the same map, and it takes no longer here.
    pca = PCA(_AXES, svd_solver="covariance_eigh").fit(features)
    return {
        "places": pca.transform(features).astype(np.float32),
        "explained": pca.explained_variance_ratio_.astype(np.float32),
        "mean": pca.mean_.astype(np.float32),
        "components": pca.components_.astype(np.float32),
    }


def _checked(arrays: dict[str, NDArray[Any]], images: int) -> dict[str, NDArray[Any]] | None:
    """The arrays if they are those of a map, None if not."""
    units = arrays["mean"].shape if "mean" in arrays else ()
    shapes = {
        "answers": (images,),
        "confidence": (images,),
        "places": (images, _AXES),
        "explained": (_AXES,),
        "mean": units,
        "components": (_AXES, *units),
    }
    fits = arrays.keys() == shapes.keys() and all(
        arrays[name].shape == shape and np.isfinite(arrays[name]).all()
        for name, shape in shapes.items()
    )
    return arrays if fits else None
