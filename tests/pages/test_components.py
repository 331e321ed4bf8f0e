"""The explanation of a digit on a page of its own."""

from __future__ import annotations

import pytest
from support.apps import alts, figures, run_script

from mnist_core import load_mnist

WHY = """
from mnist_core import load_mnist, load_recognizer
from pages.widgets import explain
explain.show(load_recognizer("{name}"), load_mnist().x_test[{image}], "shown")
"""


def test_the_answer_and_the_runner_up_have_their_evidence() -> None:
    app = run_script(WHY.format(name="cnn", image=4))
    assert not app.error
    texts = [markdown.value for markdown in app.markdown]
    assert texts[0].startswith("**What speaks for 4**")
    assert texts[1].startswith("**What speaks for 9**")
    assert texts[2].startswith("**What would change its mind**")
    assert len(figures(app)) == 2
    (alt,) = alts(app)
    assert "one patch" in alt
    assert load_mnist().y_test[4] == 4


def test_layers_are_shown_when_they_are_asked_for() -> None:
    app = run_script(WHY.format(name="mlp", image=0))
    assert len(app.image) == 1
    app.segmented_control[0].set_value("Its layers").run()
    assert not app.exception
    assert [alt.partition(" made")[0] for alt in alts(app)[1:]] == ["What dense 1", "What dense 2"]


@pytest.mark.usefixtures("models")
def test_a_missing_keras_model_is_explained() -> None:
    # The copy has no Keras files.
    app = run_script(WHY.format(name="cnn", image=0))
    app.segmented_control[0].set_value("Grad-CAM").run()
    assert not app.exception
    assert "cannot be read" in app.error[0].value
    # The evidence is there all the same.
    assert len(figures(app)) == 2


@pytest.mark.slow
def test_grad_cam_is_shown_when_it_is_asked_for() -> None:
    app = run_script(WHY.format(name="cnn", image=0))
    app.segmented_control[0].set_value("Grad-CAM").run(timeout=120)
    assert not app.exception
    assert not app.error
    assert len(figures(app)) == 4
