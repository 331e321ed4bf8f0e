"""The map of a network's features."""

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


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MNIST_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def champion() -> Recognizer:
    return load_recognizer("champion")


@pytest.fixture(scope="module")
def inside(champion: Recognizer) -> ActivationReader:
    return open_activations(champion.card)


@pytest.fixture(scope="module")
def features(
    champion: Recognizer, inside: ActivationReader, tmp_path_factory: pytest.TempPathFactory
) -> EmbeddingMap:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_CACHE", str(tmp_path_factory.mktemp("cache")))
        return build_embedding_map(champion, inside, IMAGES)


def test_the_map_shows_the_images_and_the_answers(
    features: EmbeddingMap, champion: Recognizer
) -> None:
    assert features.places.shape == (IMAGES, 3)
    assert len(set(features.chosen.tolist())) == IMAGES
    probabilities = champion.classify(features.frames)
    assert (features.answers == probabilities.argmax(axis=1)).all()
    assert features.confidence == pytest.approx(probabilities.max(axis=1))
    assert features.wrong.mean() < 0.02
    assert list(features.explained) == sorted(features.explained, reverse=True)
    assert 0.1 < features.explained.sum() <= 1


def test_places_are_those_of_the_features(features: EmbeddingMap, inside: ActivationReader) -> None:
    seen = inside.features(features.frames[:20])
    assert features.place(seen) == pytest.approx(features.places[:20], abs=1e-3)
    assert features.place(seen[:0]).shape == (0, 3)


def test_the_same_model_has_the_same_map(
    features: EmbeddingMap, champion: Recognizer, inside: ActivationReader
) -> None:
    again = build_embedding_map(champion, inside, IMAGES)
    assert (again.places == features.places).all()
    assert (again.chosen == features.chosen).all()


def nearest(features: EmbeddingMap, place: np.ndarray, neighbours: int = 15) -> int:
    distances = np.linalg.norm(features.places - place, axis=1)
    labels = features.labels[np.argsort(distances)[:neighbours]]
    return int(np.bincount(labels, minlength=10).argmax())


def test_drawn_digits_lie_among_their_own(
    features: EmbeddingMap, champion: Recognizer, inside: ActivationReader
) -> None:
    right = 0
    for label in range(10):
        (digit,) = champion.read(drawn_digit(OWN_STROKES[label]))
        (place,) = features.place(inside.features(digit.frame[np.newaxis]))
        right += nearest(features, place) == label
    # Three dimensions of 128 keep most digits apart, not all.
    assert right >= 8


def test_digits_of_a_class_lie_together(features: EmbeddingMap) -> None:
    hits = [
        nearest(features, place) == label
        for place, label in zip(features.places, features.labels, strict=True)
    ]
    assert np.mean(hits) > 0.93


def test_a_map_that_was_drawn_is_taken_again(
    champion: Recognizer, inside: ActivationReader, folder: Path, features: EmbeddingMap
) -> None:
    build_embedding_map(champion, inside, 50)
    (path,) = folder.iterdir()
    kept = load_arrays(path)
    store_arrays(path, kept | {"confidence": np.full(50, 0.125, np.float32)})
    assert (build_embedding_map(champion, inside, 50).confidence == 0.125).all()


@pytest.mark.parametrize(
    "damage",
    [
        lambda kept: {},
        lambda kept: {"places": kept["places"]},
        lambda kept: kept | {"places": kept["places"][:10]},
        lambda kept: kept | {"mean": kept["mean"] * np.nan},
        lambda kept: kept | {"components": kept["components"][:, :5]},
    ],
)
def test_a_damaged_map_is_drawn_again(
    champion: Recognizer, inside: ActivationReader, folder: Path, damage: object
) -> None:
    first = build_embedding_map(champion, inside, 50)
    (path,) = folder.iterdir()
    store_arrays(path, damage(load_arrays(path)))  # type: ignore[operator]
    again = build_embedding_map(champion, inside, 50)
    assert (again.places == first.places).all()
    assert load_arrays(path)["places"].shape == (50, 3)


@pytest.mark.parametrize("images", [0, 9, 10_001, True])
def test_a_number_of_images_that_is_none_is_refused(
    champion: Recognizer, inside: ActivationReader, images: int
) -> None:
    with pytest.raises(MnistError, match="Received"):
        build_embedding_map(champion, inside, images)
