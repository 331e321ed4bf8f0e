"""The data of the Evaluate tab: other sets than MNIST's test images, and uploads."""

from __future__ import annotations

import io
import zipfile

import cv2
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from support.evaluate_tab import WITHOUT_CHARTS, metrics, open_tab

from mnist_core import load_mnist
from mnist_core.registry.store import load_card
from pages.evaluate.tab import VIEWS

GOOD = (load_mnist().x_test[:30], load_mnist().y_test[:30])


def npz(images: np.ndarray, labels: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, images=images, labels=labels)
    return file.getvalue()


def upload(app: AppTest, name: str, content: bytes) -> None:
    """Upload a file instead of the one before; the page may refuse it, but not fail."""
    app.file_uploader[0].set_value((name, content, "application/zip")).run()
    assert not app.exception


@pytest.mark.parametrize("source", ["MNIST validation", "scikit-learn digits"])
def test_other_data_are_classified(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # A few images are enough here.
    monkeypatch.setattr("sklearn.datasets.load_digits", small_digits)
    app = open_tab(evaluation_data=source, evaluation_models=["mlp"])
    assert not app.exception
    assert not app.error
    if source == "MNIST validation":
        assert metrics(app)["Accuracy"] == f"{load_card('mlp').validation_accuracy:.2%}"
    assert app.caption


def small_digits() -> object:
    from sklearn.utils import Bunch

    return Bunch(images=np.kron(np.eye(8), [[16.0]])[None].repeat(3, 0), target=np.array([1, 7, 1]))


def test_uploaded_set() -> None:
    app = open_tab(evaluation_data="Uploaded set", evaluation_models=["cnn", "mlp"])
    assert not app.exception
    assert not app.metric
    upload(app, "mine.npz", npz(*GOOD))
    assert not app.error
    assert metrics(app)["Errors"].endswith("of 30")
    upload(app, "one.npz", npz(GOOD[0][:1], GOOD[1][:1]))
    assert metrics(app)["Errors"] == "0 of 1"


@pytest.mark.parametrize("view", [view for view in VIEWS if view not in WITHOUT_CHARTS])
@pytest.mark.parametrize(
    "labels", [[7], [3], [7, 2, 2]], ids=["one image", "one wrong image", "digits missing"]
)
def test_view_opens_on_an_unusual_set(view: str, labels: list[int]) -> None:
    app = open_tab(
        evaluation_data="Uploaded set", evaluation_models=["cnn", "mlp"], evaluation_view=view
    )
    upload(app, "odd.npz", npz(GOOD[0][: len(labels)], np.array(labels)))
    assert not app.error
    assert metrics(app)["Errors"].endswith(f"of {len(labels)}")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.zip", b""),
        ("text.npz", b"digits"),
        ("none.npz", npz(np.zeros((0, 28, 28)), np.zeros(0, int))),
        ("letters.npz", npz(GOOD[0][:1], np.array(["a"]))),
        ("eleven.npz", npz(GOOD[0][:1], np.array([11]))),
    ],
)
def test_bad_upload_shows_an_error(name: str, content: bytes) -> None:
    app = open_tab(evaluation_data="Uploaded set")
    upload(app, name, content)
    assert "Received" in app.error[0].value
    assert not app.metric


def test_good_and_bad_uploads_alternate() -> None:
    app = open_tab(evaluation_data="Uploaded set", evaluation_models=["mlp"])
    upload(app, "bad.npz", b"bad")
    assert app.error
    upload(app, "mine.npz", npz(*GOOD))
    assert not app.error
    assert app.metric
    upload(app, "bad.npz", b"bad")
    assert app.error
    assert not app.metric


def test_uploaded_zip_of_one_image() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("7/a.png", cv2.imencode(".png", GOOD[0][0])[1].tobytes())
    app = open_tab(evaluation_data="Uploaded set", evaluation_models=["mlp"])
    upload(app, "mine.zip", file.getvalue())
    assert metrics(app)["Accuracy"] == "100.00%"
