"""The app without a browser: the Draw page, the choice of a model, and errors."""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import cv2
import pytest
from streamlit.testing.v1 import AppTest
from support.apps import ROOT, alts, replace_canvas, run_page, texts
from support.own_strokes import OWN_STROKES, SCRIBBLE
from support.strokes import Stroke, draw_strokes, place_strokes

from mnist_core import Recognizer, TrainingConfig
from mnist_core.networks.architectures import get_architecture
from mnist_core.registry.card import CARD, TFLITE
from mnist_core.registry.store import load_card
from mnist_core.runs import jobs
from mnist_core.runs.run import Run
from mnist_core.runs.store import list_runs, new_run
from mnist_core.training.events import BatchEnd
from pages.widgets import model_picker


def run_app(model: str | None = None) -> AppTest:
    """The first run of the app by a new visitor, who may have chosen a model.

    AppTest does not support `st.navigation` in a second run.
    """
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
    if model:
        app.session_state["model"] = model
    return app.run()


def test_app_opens_on_the_draw_page() -> None:
    app = run_app()
    assert not app.exception
    assert [title.value for title in app.title] == ["Draw a digit"]
    assert not app.error


def test_sidebar_shows_accuracy_and_size_of_the_chosen_model() -> None:
    assert run_app().sidebar.selectbox[0].value == "champion"
    for name in ("champion", "cnn", "mlp"):
        card = json.loads((ROOT / "models" / name / CARD).read_text())
        app = run_app(name)
        assert app.sidebar.selectbox[0].value == name
        assert f"{card['test_accuracy']:.2%}" in app.sidebar.caption[0].value
        assert f"{card['parameters']:,}" in app.sidebar.caption[0].value
        assert not app.exception


GUESS = r"looks most like an? \d, \d+\.\d%\."


@pytest.mark.parametrize(
    ("drawings", "number", "caption", "cards"),
    [
        ([OWN_STROKES[4]], "<p>4</p>", "", [r"\*\*4\*\* "]),
        (
            [SCRIBBLE],
            '<p class="non_digit">Not a digit</p>',
            f"It {GUESS}  \n",
            [r"\*\*Not a digit\*\*  \n:small\[\d\? \d+\.\d%\]"],
        ),
        (
            [OWN_STROKES[4], SCRIBBLE, OWN_STROKES[7]],
            '<p>4<span class="non_digit" role="img" aria-label="not a digit">?</span>7</p>',
            f"The “\\?” is not a digit: it {GUESS}  \n",
            [r"\*\*4\*\*", r"\*\*Not a digit\*\*", r"\*\*7\*\*"],
        ),
        (
            [SCRIBBLE, SCRIBBLE],
            '<p class="non_digit">Not digits</p>',
            "2 of 2 are not digits; their best guesses are below.  \n",
            [r"\*\*Not a digit\*\*"] * 2,
        ),
    ],
)
def test_drawn_non_digit_is_shown_with_its_best_guess(
    linear_models: Path,
    monkeypatch: pytest.MonkeyPatch,
    drawings: list[Sequence[Stroke]],
    number: str,
    caption: str,
    cards: list[str],
) -> None:
    monkeypatch.setenv("MNIST_MODELS", str(linear_models))
    image = draw_strokes([], width=560)
    for position, strokes in enumerate(drawings):
        center = (100 + 180 * position, 140)
        draw_strokes(place_strokes(strokes, side=130, center=center), image=image)
    replace_canvas(monkeypatch, image, "a stroke")
    app = run_app("detecting")
    assert not app.exception
    main = app.main
    assert any(html.proto.body.endswith(f"</p>{number}") for html in main.get("html"))
    captions = [element.value for element in main.caption]
    assert any(re.match(rf"{caption}Read in \d+\.\d ms by detecting", text) for text in captions)
    shown = [element.value for element in main.markdown if element.value.startswith("**")]
    assert len(shown) == len(cards)
    for pattern, text in zip(cards, shown, strict=True):
        assert re.match(pattern, text), text


def split(url: str) -> bytes:
    _, content = url.split(";base64,", 1)
    return content.encode()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("no data URL", "The browser sent no drawing. Reload the page"),
        ("data:image/png;base64,iVBORw0KGgo", "text file"),
        ("data:image/png;base64,", "empty"),
    ],
)
def test_forged_drawing_shows_a_sentence(
    monkeypatch: pytest.MonkeyPatch, url: str, message: str
) -> None:
    class Forged:
        json_data = "no drawing"
        image_bytes = property(lambda self: split(url))

    module = SimpleNamespace(st_canvas=lambda **options: Forged())
    monkeypatch.setitem(sys.modules, "streamlit_drawable_canvas", module)
    app = run_page("draw")
    assert message in app.error[0].value


def test_photo_shows_non_digits_with_a_grey_box(
    linear_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_MODELS", str(linear_models))
    image = draw_strokes([], width=400)
    for x, strokes in ((100, SCRIBBLE), (280, OWN_STROKES[7])):
        draw_strokes(place_strokes(strokes, side=130, center=(x, 140)), image=image)
    app = run_page("draw", input="Photo or scan")
    photo = bytes(cv2.imencode(".png", 255 - image)[1])
    app.file_uploader[0].set_value(("sheet.png", photo, "image/png")).run()
    assert not app.exception
    number = '<p><span class="non_digit" role="img" aria-label="not a digit">?</span>7</p>'
    assert number in [html.proto.body for html in app.get("html")]
    assert any(re.match(rf"The “\?” is not a digit: it {GUESS}", c.value) for c in app.caption)
    (alt,) = [alt for alt in alts(app) if "sheet.png" in alt]
    assert "Non-digits have a grey box with a “?”" in alt


@pytest.mark.parametrize("size", [1000, 0, None], ids=["truncated", "empty", "missing"])
def test_damaged_model_is_explained_and_another_can_be_chosen(
    models: Path, size: int | None
) -> None:
    path = models / "champion" / TFLITE
    content = path.read_bytes()
    path.unlink()
    if size is not None:
        path.write_bytes(content[:size])
    app = run_app()
    assert not app.exception
    assert "champion" in app.error[0].value
    assert "Restore" in app.error[0].value
    app = run_app("mlp")
    assert not app.error
    assert not app.exception


def test_model_without_a_valid_card_is_not_offered(models: Path) -> None:
    (models / "champion" / CARD).write_text("{")
    app = run_app()
    offered = [option.split(" · ")[0] for option in app.sidebar.selectbox[0].options]
    assert offered == ["cnn", "mlp"]
    assert not app.exception


def test_retrained_model_is_loaded_again(models: Path) -> None:
    def loaded() -> Recognizer:
        return model_picker.load(load_card("cnn"))

    first = loaded()
    assert loaded() is first
    for file in (TFLITE, CARD):
        shutil.copy(models / "mlp" / file, models / "cnn" / file)
    card = json.loads((models / "cnn" / CARD).read_text())
    (models / "cnn" / CARD).write_text(json.dumps(card | {"name": "cnn"}))
    assert loaded() is not first
    assert loaded().card.architecture == "mlp"
    assert not run_app("cnn").error


def test_app_without_models_trains_a_quick_cnn(
    own_models: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[TrainingConfig] = []

    def start(config: TrainingConfig) -> Run:
        started.append(config)
        return new_run(config, own_models)

    monkeypatch.setattr(jobs, "start", start)
    app = run_app()
    assert not app.exception
    assert app.title[0].value == "Training the first model"
    quick = TrainingConfig(architecture="cnn", overwrite=True, **get_architecture("cnn").quick)
    assert started == [quick]
    # The next visitor watches the same run.
    (run,) = list_runs()
    values = {"loss": 0.5, "accuracy": 0.875, "images_per_second": 9000.0}
    run.report(BatchEnd(epoch=1, epochs=1, batch=200, batches=860, **values))
    app = run_app()
    assert not app.exception
    assert len(started) == 1
    assert "So far, 87.50% of the training images are read correctly" in texts(app, "caption")


def test_unwritable_models_folder_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "models"
    blocked.write_text("A file where the folder should be.")
    monkeypatch.setenv("MNIST_MODELS", str(blocked))
    app = run_app()
    assert app.title[0].value == "Training the first model"
    for _ in range(120):
        if app.error:
            break
        time.sleep(0.25)
        app = run_app()
    assert app.error[0].value == "The training ended without a model."
    assert "cannot be saved" in app.code[0].value
    assert app.button[0].label == "Try again"
    assert not app.exception
