"""The embeddings of MNIST test images as a map: similar images are near each other.

The inputs of the last layer are projected onto their principal components; the three strongest are
shown, all of them tell which images are neighbors. The projection is linear, so a new drawing is
placed on the same map immediately. (UMAP would separate the groups more clearly, but needs 210 MB
with numba, imports TensorFlow where it is installed, and distorts distances.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import load_mnist
from mnist_core.errors import require_int
from mnist_core.explanation.activations import ActivationReader
from mnist_core.inference.recognizer import Recognizer
from mnist_core.storage.cache import cache_path, load_arrays, store_arrays

__all__ = ["IMAGES", "EmbeddingMap", "build_embedding_map"]

# Enough for a dense map that a browser rotates smoothly.
IMAGES = 2000
# See `similar_images`: so many keep the nearest image among the ten nearest.
_COMPONENTS = 128
_SEED = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class EmbeddingMap:
    """The embeddings of test images by one network.

    Attributes:
        indices: (n,) indices of the MNIST test images.
        labels: (n,) true digits.
        predicted: (n,) predicted digits.
        confidence: (n,) probability of the predicted digit, 0 to 1.
        positions: (n, k) along the principal components, the strongest first; 3 <= k <= 128.
        explained_variance: (k,) share of the variance along each component, 0 to 1.
        mean: (units,) mean of the features.
        components: (k, units) principal components.
    """

    indices: NDArray[np.int64]
    labels: NDArray[np.int64]
    predicted: NDArray[np.int64]
    confidence: NDArray[np.float32]
    positions: NDArray[np.float32]
    explained_variance: NDArray[np.float32]
    mean: NDArray[np.float32]
    components: NDArray[np.float32]

    @property
    def is_error(self) -> NDArray[np.bool_]:
        """(n,) True where the prediction is incorrect."""
        return self.labels != self.predicted

    @property
    def frames(self) -> NDArray[np.uint8]:
        """The images, (n, 28, 28)."""
        return load_mnist().x_test[self.indices]

    def project(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """The positions of other images.

        Args:
            features: (m, units), from `ActivationReader.features` of the same model.

        Returns:
            (m, k).
        """
        return ((features - self.mean) @ self.components.T).astype(np.float32)

    def neighbors(self, position: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        """The images of the map that are most similar to another one.

        Args:
            position: (k,) from `project`, or one of `positions`.
            count: how many at most.

        Returns:
            Their places on the map, the most similar first. An image of the map is its own first
            neighbor.
        """
        distances = np.linalg.norm(self.positions - position, axis=1)
        return np.argsort(distances, kind="stable")[:count]


def build_embedding_map(
    recognizer: Recognizer, reader: ActivationReader, images: int = IMAGES
) -> EmbeddingMap:
    """Compute the embedding map of a model, or load it from the cache.

    Args:
        recognizer: the model.
        reader: of the same model.
        images: number of test images, 10 to 10,000.

    Raises:
        MnistError: `images` is out of range.
    """
    dataset = load_mnist()
    require_int("The number of images of a map", images, 10, len(dataset.x_test))
    indices = np.random.default_rng(_SEED).permutation(len(dataset.x_test))[:images]
    digest = recognizer.card.digest
    path = cache_path("embedding", digest, recognizer.card.temperature, images, _COMPONENTS)
    arrays = load_arrays(path) if digest else {}
    if not _is_complete(arrays, images):
        frames = dataset.x_test[indices]
        probabilities = recognizer.classify(frames)
        arrays = {
            "predicted": probabilities.argmax(axis=1),
            "confidence": probabilities.max(axis=1),
            **_fit_projection(reader.features(frames)),
        }
        store_arrays(path, arrays)
    labels = dataset.y_test[indices].astype(np.int64)
    return EmbeddingMap(indices=indices, labels=labels, **arrays)


def _fit_projection(features: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    from sklearn.decomposition import PCA

    # A full decomposition is deterministic, and not slower here.
    components = min(_COMPONENTS, *features.shape)
    pca = PCA(components, svd_solver="covariance_eigh").fit(features)
    return {
        "positions": pca.transform(features).astype(np.float32),
        "explained_variance": pca.explained_variance_ratio_.astype(np.float32),
        "mean": pca.mean_.astype(np.float32),
        "components": pca.components_.astype(np.float32),
    }


def _is_complete(arrays: dict[str, NDArray[Any]], images: int) -> bool:
    """Are these the arrays of a map? A cached file may be another program's."""
    units = arrays["mean"].shape if "mean" in arrays else ()
    components = min(_COMPONENTS, images, *units)
    shapes = {
        "predicted": (images,),
        "confidence": (images,),
        "positions": (images, components),
        "explained_variance": (components,),
        "mean": units,
        "components": (components, *units),
    }
    return arrays.keys() == shapes.keys() and all(
        arrays[name].shape == shape and np.isfinite(arrays[name]).all()
        for name, shape in shapes.items()
    )
