"""The explanation of a prediction, without a browser."""

from __future__ import annotations

import re

import pytest
from support.apps import alts, figures, run_script
from support.few_images import use_few_training_images

from mnist_core import load_mnist

EXPLAIN = """
from mnist_core import load_mnist, load_recognizer
from pages.widgets import explain
explain.show(load_recognizer("{name}"), load_mnist().x_test[{image}], "shown")
"""


def test_explanation_shows_evidence_for_prediction_and_runner_up() -> None:
    app = run_script(EXPLAIN.format(name="cnn", image=4))
    assert not app.error
    texts = [markdown.value for markdown in app.markdown]
    assert texts[0].startswith("**Evidence for 4**")
    assert texts[1].startswith("**Evidence for 9**")
    assert texts[2].startswith("**What would change the prediction**")
    assert "The strongest support for 4 is the" in app.caption[0].value
    assert len(figures(app)) == 2
    (alt,) = alts(app)
    assert "one patch" in alt
    assert load_mnist().y_test[4] == 4


def test_activations_are_shown_on_request() -> None:
    app = run_script(EXPLAIN.format(name="mlp", image=0))
    assert len(app.image) == 1
    app.segmented_control[0].set_value("Activations").run()
    assert not app.exception
    assert [alt.partition(":")[0] for alt in alts(app)[1:]] == [
        "Activations of dense 1",
        "Activations of dense 2",
    ]


@pytest.mark.usefixtures("models")
def test_grad_cam_explains_a_missing_keras_model() -> None:
    # The copy has no Keras files.
    app = run_script(EXPLAIN.format(name="cnn", image=0))
    app.segmented_control[0].set_value("Grad-CAM").run()
    assert not app.exception
    assert "cannot be read" in app.error[0].value
    # The evidence is still shown.
    assert len(figures(app)) == 2


@pytest.mark.slow
def test_grad_cam_is_shown_on_request() -> None:
    app = run_script(EXPLAIN.format(name="cnn", image=0))
    app.segmented_control[0].set_value("Grad-CAM").run(timeout=120)
    assert not app.exception
    assert not app.error
    assert len(figures(app)) == 4
    assert re.search(r"It supports \d (most at the|nowhere)", app.caption[-1].value)


@pytest.mark.usefixtures("cache")
def test_similar_training_images_are_shown_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    use_few_training_images(monkeypatch)
    app = run_script(EXPLAIN.format(name="mlp", image=4))
    app.segmented_control[0].set_value("Most like yours").run()
    assert not app.exception
    assert not app.error
    (text,) = [caption.value for caption in app.caption if "most like yours" in caption.value]
    counts = re.findall(r"(all|\d+) are labeled \d", text)
    assert counts == ["all"] or sum(map(int, counts)) == 50
    first, second = ([image.alt for image in shown.proto.imgs] for shown in app.image[1:3])
    assert len(first) == len(second) == 8
    assert first.count("A training image labeled 4.") >= 6
    assert set(second) == {"A training image labeled 9."}
    # A small change makes it one of them.
    assert "**From 4 to 9**" in [markdown.value for markdown in app.markdown]
    assert [shown.proto.imgs[0].caption for shown in app.image[3:]] == ["4", "the change", "9"]
    assert re.search(
        r"pixels of 784, taken from image [1-8], turn the 4 into a 9 for this network \\?\(\d",
        app.caption[-1].value,
    )


@pytest.mark.usefixtures("cache")
def test_no_image_to_become_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    use_few_training_images(monkeypatch)
    monkeypatch.setattr("pages.widgets.similar.find_crossing", lambda *_: None)
    app = run_script(EXPLAIN.format(name="mlp", image=7))
    app.segmented_control[0].set_value("Most like yours").run()
    assert not app.exception
    assert re.search(r"reads none of these images as \d\.", app.caption[-1].value)
