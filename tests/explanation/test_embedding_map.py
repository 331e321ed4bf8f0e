"""The map of a network's embedding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.own_strokes import OWN_STROKES
from support.strokes import drawn_digit

from mnist_core import MnistError, Recognizer, load_recognizer
from mnist_core.explanation.activations import ActivationReader, open_activations
from mnist_core.explanation.embedding_map import EmbeddingMap, build_embedding_map
from mnist_core.storage.cache import load_arrays, store_arrays

IMAGES = 600


pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture(scope="module")
def champion() -> Recognizer:
    return load_recognizer("champion")


@pytest.fixture(scope="module")
def reader(champion: Recognizer) -> ActivationReader:
    return open_activations(champion.card)


@pytest.fixture(scope="module")
def embedding(
    champion: Recognizer, reader: ActivationReader, tmp_path_factory: pytest.TempPathFactory
) -> EmbeddingMap:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_CACHE", str(tmp_path_factory.mktemp("cache")))
        return build_embedding_map(champion, reader, IMAGES)


def test_embedding_map_has_positions_and_predictions(
    embedding: EmbeddingMap, champion: Recognizer
) -> None:
    assert embedding.positions.shape == (IMAGES, 128)
    assert len(set(embedding.indices.tolist())) == IMAGES
    probabilities = champion.classify(embedding.frames)
    assert (embedding.predicted == probabilities.argmax(axis=1)).all()
    assert embedding.confidence == pytest.approx(probabilities.max(axis=1))
    assert embedding.is_error.mean() < 0.02
    assert list(embedding.explained_variance) == sorted(embedding.explained_variance, reverse=True)
    assert 0.1 < embedding.explained_variance.sum() <= 1


def test_project_gives_the_positions_of_the_features(
    embedding: EmbeddingMap, reader: ActivationReader
) -> None:
    features = reader.features(embedding.frames[:20])
    assert embedding.project(features) == pytest.approx(embedding.positions[:20], abs=1e-3)
    assert embedding.project(features[:0]).shape == (0, 128)


def test_build_embedding_map_is_reproducible(
    embedding: EmbeddingMap, champion: Recognizer, reader: ActivationReader
) -> None:
    again = build_embedding_map(champion, reader, IMAGES)
    assert (again.positions == embedding.positions).all()
    assert (again.indices == embedding.indices).all()


def nearest(embedding: EmbeddingMap, position: np.ndarray, neighbors: int = 15) -> int:
    distances = np.linalg.norm(embedding.positions[:, :3] - position[:3], axis=1)
    labels = embedding.labels[np.argsort(distances)[:neighbors]]
    return int(np.bincount(labels, minlength=10).argmax())


def test_project_places_drawings_among_their_digit(
    embedding: EmbeddingMap, champion: Recognizer, reader: ActivationReader
) -> None:
    correct = 0
    for label in range(10):
        (digit,) = champion.read(drawn_digit(OWN_STROKES[label]))
        (position,) = embedding.project(reader.features(digit.frame[np.newaxis]))
        correct += nearest(embedding, position) == label
    # Three of 128 dimensions separate most digits, not all.
    assert correct >= 8


def test_embedding_map_groups_images_of_a_digit(embedding: EmbeddingMap) -> None:
    hits = [
        nearest(embedding, position) == label
        for position, label in zip(embedding.positions, embedding.labels, strict=True)
    ]
    assert np.mean(hits) > 0.93


def test_neighbors_are_nearest_by_all_features(
    embedding: EmbeddingMap, reader: ActivationReader
) -> None:
    features = reader.features(embedding.frames)
    hits = []
    for place in range(0, IMAGES, 20):
        neighbors = embedding.neighbors(embedding.positions[place], 10)
        assert neighbors[0] == place
        distances = np.linalg.norm(features - features[place], axis=1)
        hits.append(np.argsort(distances)[1] in neighbors)
    assert np.mean(hits) > 0.95


def test_build_embedding_map_uses_the_cache(
    champion: Recognizer, reader: ActivationReader, cache: Path, embedding: EmbeddingMap
) -> None:
    build_embedding_map(champion, reader, 50)
    (path,) = cache.iterdir()
    arrays = load_arrays(path)
    store_arrays(path, arrays | {"confidence": np.full(50, 0.125, np.float32)})
    assert (build_embedding_map(champion, reader, 50).confidence == 0.125).all()


@pytest.mark.parametrize(
    "damage",
    [
        lambda arrays: {},
        lambda arrays: {"positions": arrays["positions"]},
        lambda arrays: arrays | {"positions": arrays["positions"][:10]},
        lambda arrays: arrays | {"mean": arrays["mean"] * np.nan},
        lambda arrays: arrays | {"components": arrays["components"][:, :5]},
    ],
)
def test_build_embedding_map_replaces_a_damaged_cache_file(
    champion: Recognizer, reader: ActivationReader, cache: Path, damage: object
) -> None:
    first = build_embedding_map(champion, reader, 50)
    (path,) = cache.iterdir()
    store_arrays(path, damage(load_arrays(path)))  # type: ignore[operator]
    again = build_embedding_map(champion, reader, 50)
    assert (again.positions == first.positions).all()
    assert load_arrays(path)["positions"].shape == (50, 50)


@pytest.mark.parametrize("images", [0, 9, 10_001, True])
def test_build_embedding_map_refuses_numbers_out_of_range(
    champion: Recognizer, reader: ActivationReader, images: int
) -> None:
    with pytest.raises(MnistError, match="Received"):
        build_embedding_map(champion, reader, images)
