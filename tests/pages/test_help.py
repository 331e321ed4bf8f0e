"""Every control on every page says what it does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from streamlit.proto.Block_pb2 import Block as BlockProto
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block
from support.apps import replace_canvas, run_page
from support.frames import make_correction
from support.own_strokes import OWN_STROKES
from support.strokes import draw_strokes, place_strokes

from mnist_core.corrections.store import CorrectionStore
from pages.evaluate.tab import VIEWS

# Kinds without such a text in Streamlit 1.67.
WITHOUT = ("pagination", "dataframe", "plotly_chart")


def walk(block: Block) -> Iterator[tuple[str, str, str]]:
    """Kind, label and help of all controls below a block."""
    for child in block.children.values():
        if isinstance(child, Block):
            if isinstance(child.proto, BlockProto) and child.proto.HasField("popover"):
                popover = child.proto.popover
                yield "popover", popover.label, popover.help
            yield from walk(child)
            continue
        proto = child.proto
        fields = proto.DESCRIPTOR.fields_by_name
        if "id" in fields and proto.id and child.type not in WITHOUT and "help" in fields:
            yield child.type, proto.label, proto.help


def check(app: AppTest, *expected: str) -> None:
    """Check a page, which has at least controls with these labels."""
    controls = list(walk(app.main))
    labels = " ".join(label for _, label, _ in controls)
    assert not [label for label in expected if label not in labels], labels
    assert not [(kind, label) for kind, label, text in controls if not text]


def drawing() -> np.ndarray:
    """A canvas with a 4."""
    return draw_strokes(place_strokes(OWN_STROKES[4], side=180, center=(140, 140)), width=280)


def test_controls_of_the_draw_page(monkeypatch: pytest.MonkeyPatch) -> None:
    replace_canvas(monkeypatch, drawing(), "a stroke")
    app = run_page("draw")
    check(app, "Read", "Undo", "Clear", "Read as I draw", "Canvas", "Brush", "Why?", "Wrong?")


def test_controls_of_an_uploaded_picture() -> None:
    app = run_page("draw", input="Photo or scan")
    photo = bytes(cv2.imencode(".png", 255 - drawing())[1])
    app.file_uploader[0].set_value(("four.png", photo, "image/png")).run()
    check(app, "Picture of digits", "Ink", "Remove", "Why?")


def test_controls_of_the_webcam_page(monkeypatch: pytest.MonkeyPatch) -> None:
    video = SimpleNamespace(state=SimpleNamespace(playing=False, signalling=False))
    monkeypatch.setattr("streamlit_webrtc.webrtc_streamer", lambda **options: video)
    check(run_page("webcam"), "Pause", "Mirror", "Smoothing", "Width (%)", "Source", "Wrong?")


def test_controls_of_the_train_tab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MNIST_CORRECTIONS", str(tmp_path / "corrections.sqlite3"))
    CorrectionStore().add(*(make_correction(n, n % 3, guess=8) for n in range(2)))
    app = run_page("train_evaluate", tab="Train", train_sampled=False)
    check(app, "Start", "Dropout", "Keras", "Layers", "Import", "Change", "Delete", "Fine-tune")


@pytest.mark.parametrize("view", VIEWS)
def test_controls_of_the_evaluate_tab(view: str) -> None:
    state = {"evaluation_models": ["cnn", "mlp"], "evaluation_data": "MNIST test"}
    app = run_page("train_evaluate", tab="Evaluate", evaluation_view=view, **state)
    check(app, "Models", "Data", "Details of", "Report", "Predictions")
