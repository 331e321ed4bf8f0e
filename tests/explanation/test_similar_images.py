"""The training images that are most like another image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.few_images import COUNT, use_few_training_images

from mnist_core import load_mnist
from mnist_core.explanation.activations import ActivationReader, open_activations
from mnist_core.explanation.similar_images import find_similar_images
from mnist_core.registry.store import load_card
from mnist_core.storage.cache import load_arrays, store_arrays


@pytest.fixture(autouse=True)
def _few_images(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_few_training_images(monkeypatch)


@pytest.fixture(scope="module")
def reader() -> ActivationReader:
    return open_activations(load_card("mlp"))


def test_most_similar_to_a_training_image_is_itself(reader: ActivationReader) -> None:
    similar = find_similar_images(reader)
    assert similar.positions.shape == (COUNT, 128)
    for index, features in enumerate(reader.features(load_mnist().x_train[:20])):
        ranking = similar.nearest(features)
        assert ranking[0] == index
        assert sorted(ranking) == list(range(COUNT))


def test_nearest_agrees_with_the_distances_of_all_units(reader: ActivationReader) -> None:
    similar = find_similar_images(reader)
    training = reader.features(load_mnist().x_train[:COUNT])
    hits = 0
    for features in reader.features(load_mnist().x_test[:50]):
        exact = np.linalg.norm(training - features, axis=1).argmin()
        hits += exact in similar.nearest(features)[:10]
    assert hits >= 48


def test_nearest_have_the_label_of_the_image(reader: ActivationReader) -> None:
    similar, mnist = find_similar_images(reader), load_mnist()
    features = reader.features(mnist.x_test[:100])
    found = [np.bincount(mnist.y_train[similar.nearest(row)[:9]]).argmax() for row in features]
    assert np.mean(found == mnist.y_test[:100]) > 0.9


def test_embeddings_are_cached(reader: ActivationReader, monkeypatch: pytest.MonkeyPatch) -> None:
    first = find_similar_images(reader)
    with monkeypatch.context() as patch:
        patch.setattr(ActivationReader, "features", lambda *_: pytest.fail("computed again"))
        again = find_similar_images(reader)
    assert np.abs(again.positions - first.positions).max() == 0


def test_damaged_cache_is_computed_again(reader: ActivationReader, cache: Path) -> None:
    first = find_similar_images(reader)
    (path,) = cache.iterdir()
    arrays = load_arrays(path)
    for damage in (
        {"positions": arrays["positions"][:-1]},
        {"mean": arrays["mean"] * np.nan},
        {"components": arrays["mean"]},
        {"more": arrays["mean"]},
    ):
        store_arrays(path, arrays | damage)
        assert (find_similar_images(reader).positions == first.positions).all()
    path.write_bytes(b"damaged")
    assert (find_similar_images(reader).positions == first.positions).all()
