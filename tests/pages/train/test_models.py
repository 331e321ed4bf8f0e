"""Models on the Train tab, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.apps import run_script, texts

from mnist_core.registry.card import CARD
from mnist_core.training import formats

pytestmark = pytest.mark.usefixtures("runs", "mine")
SHOW = "from pages.train import tab; tab.show()"


def test_other_formats_say_what_they_are_worth(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats.KerasProcess, "call", lambda *_: (b"a file", 0.9744))
    # Closed, the panel reads no files.
    with monkeypatch.context() as patch:
        patch.setattr("pages.train.models.known_accuracy", lambda *_: pytest.fail("read"))
        assert not run_script(SHOW, shelf="mlp").exception
    # AppTest cannot press a popover: set what the press sets.
    app = run_script(SHOW, shelf="mlp", shelf_formats=True)
    assert app.button(key="shelf_as_int8").label == "LiteRT, 8 bits"
    assert "MNIST test accuracy **97.44%**" not in texts(app, "caption")
    app.button(key="shelf_as_micro").click().run()
    assert not app.exception
    app.run()
    assert "MNIST test accuracy **97.44%**, 0.67% less than LiteRT" in texts(app, "caption")

    # The champion's LiteRT file has 8 bits.
    app.selectbox(key="shelf").set_value("champion").run()
    assert "shelf_as_int8" not in [button.key for button in app.button]
    assert "97.44%" not in texts(app, "caption")

    # Without TensorFlow, what was made before is still there.
    monkeypatch.setattr("pages.train.models.tensorflow_problem", lambda purpose: f"{purpose}: no")
    app.selectbox(key="shelf").set_value("mlp").run()
    keys = [button.key for button in app.button]
    assert ("shelf_as_micro" in keys, "shelf_as_onnx" in keys) == (True, False)
    assert "Converting models" in texts(app, "info")


def test_model_is_renamed_and_deleted(models: Path) -> None:
    app = run_script(SHOW)
    app.selectbox(key="shelf").set_value("mine").run()
    app.text_input(key="shelf_name_mine").set_value("../x").run()
    app.button(key="shelf_rename").click().run()
    assert "name is 1 to 40" in app.error[0].value
    app.text_input(key="shelf_name_mine").set_value("better").run()
    app.button(key="shelf_rename").click().run()
    assert not app.exception
    assert (models / "better").is_dir()
    assert not (models / "mine").exists()
    app.selectbox(key="shelf").set_value("better").run()
    app.button(key="shelf_delete").click().run()
    assert not app.exception
    assert not (models / "better").exists()


def test_bundled_models_cannot_be_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MNIST_MODELS")
    app = run_script(SHOW)
    assert "shelf_delete" not in [button.key for button in app.button]
    assert "Bundled models cannot be" in texts(app, "caption")


def test_damaged_model_is_named_and_the_others_are_shown(models: Path) -> None:
    (models / "mine" / CARD).write_bytes(b"{")
    app = run_script(SHOW)
    assert ["mine" in one.value for one in app.warning] == [True]
    assert "mine" not in app.selectbox(key="shelf").options
    assert app.selectbox(key="shelf").options
