"""Breaking a network on one image, without a browser."""

from __future__ import annotations

import pytest
from support.apps import figures, run_script, texts

from mnist_core.explanation.keras_process import KerasProcess

PANEL = """
from mnist_core import load_mnist, load_recognizer
from pages.widgets import break_it
break_it.show(load_recognizer("mlp"), load_mnist().x_test[4], "shown")
"""


def test_attack_shows_the_answers_along_the_way(process: KerasProcess) -> None:
    app = run_script(PANEL)
    assert not app.error
    (figure,) = figures(app)
    assert [trace["name"] for trace in figure["data"]] == ["4", "9"]
    assert "The answer changes from 4 to 9 at ε = 0" in texts(app, "caption").replace("\\", "")
    before, _, after = (image.proto.imgs[0].caption for image in app.image)
    assert before.startswith("4, ")
    assert after.startswith("9, ")
    # Weaker than what flips the answer.
    app.slider[0].set_value(0.01).run()
    assert not app.exception
    assert app.image[2].proto.imgs[0].caption.startswith("4, ")
    app.slider[0].set_value(0.0).run()
    assert app.image[2].proto.imgs[0].caption == before


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ("Noise on weights", "the weights' standard deviation"),
        ("Fewer bits", "bits"),
        ("Layer off", "without"),
    ],
)
def test_changed_weights_are_shown(how: str, text: str, process: KerasProcess) -> None:
    app = run_script(PANEL)
    app.segmented_control[0].set_value(how).run()
    assert not app.exception
    assert not app.error
    assert len(figures(app)) == 1
    assert text in texts(app, "caption")
    assert "Keras model, in 32 bits" in texts(app, "caption")


@pytest.mark.usefixtures("models")
def test_model_without_its_keras_file_says_so() -> None:
    # The copy has no Keras files.
    assert "cannot be read" in run_script(PANEL).error[0].value


def test_panel_says_how_to_install_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnist_core.networks.packages.find_spec", lambda name: None)
    assert "pip install" in run_script(PANEL).error[0].value.replace("\\", "")
