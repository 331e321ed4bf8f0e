"""Correcting a reading, and the gallery of corrections, without a browser."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from support.frames import make_correction
from support.own_strokes import OWN_STROKES
from support.strokes import drawn_digit

from mnist_core import Digit, load_recognizer
from mnist_core.corrections.files import to_npz, to_zip
from mnist_core.corrections.store import CorrectionStore
from mnist_core.data import NOT_A_DIGIT
from mnist_core.registry.card import TFLITE
from mnist_core.webcam.reader import WebcamSettings
from mnist_core.webcam.session import LiveReader

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CorrectionStore:
    """The store that the pages use; nothing is in it yet."""
    st.cache_resource.clear()
    monkeypatch.setenv("MNIST_CORRECTIONS", str(tmp_path / "corrections.sqlite3"))
    return CorrectionStore()


def draw_page(monkeypatch: pytest.MonkeyPatch, digit: int = 4) -> AppTest:
    """The Draw page after a digit was drawn; AppTest has no browser to draw with."""
    image = cv2.cvtColor(drawn_digit(OWN_STROKES[digit]), cv2.COLOR_GRAY2RGBA)
    canvas = SimpleNamespace(image_data=image, json_data={"objects": [f"a {digit}"]})
    module = SimpleNamespace(st_canvas=lambda **options: canvas)
    monkeypatch.setitem(sys.modules, "streamlit_drawable_canvas", module)
    # The page by itself: AppTest follows a second run only without `st.navigation`.
    app = AppTest.from_file(str(ROOT / "pages" / "draw.py"), default_timeout=60)
    app.session_state["model"] = "cnn"
    return app.run()


def choice(app: AppTest, label: str) -> object:
    """The pills whose label begins so."""
    (found,) = [pills for pills in app.get("button_group") if pills.label.startswith(label)]
    return found


def press(app: AppTest, key: str) -> AppTest:
    (button,) = [button for button in app.button if (button.key or "").startswith(key)]
    button.click().run()
    assert not app.exception
    return app


def texts(app: AppTest) -> str:
    return "\n".join(element.value for element in (*app.markdown, *app.caption, *app.info))


def test_a_click_keeps_the_frame_with_the_right_label(
    monkeypatch: pytest.MonkeyPatch, store: CorrectionStore
) -> None:
    app = draw_page(monkeypatch)
    pills = choice(app, "Read as a 4. It is")
    assert pills.options == [*"012356789", "no digit"]  # type: ignore[attr-defined]
    assert not store.path.exists()
    pills.set_value(9).run()  # type: ignore[attr-defined]
    assert not app.exception
    (kept,) = store.find()
    card = load_recognizer("cnn").card
    assert (kept.label, kept.guess, kept.source) == (9, 4, "draw")
    assert (kept.model, kept.model_sha256) == ("cnn", card.sha256[TFLITE])
    assert kept.confidence > 0.5
    assert kept.frame.any()
    assert "Thanks! Kept as **9**" in texts(app)
    # It is not offered again for this frame, however often it is read.
    app.run()
    assert not [p for p in app.get("button_group") if p.label.startswith("Read as")]
    assert store.counts() == {9: 1}

    press(app, "undo_")
    assert store.counts() == {}
    assert "Kept as" not in texts(app)
    choice(app, "Read as a 4. It is").set_value(NOT_A_DIGIT).run()  # type: ignore[attr-defined]
    assert "Kept as **no digit**" in texts(app)
    assert store.counts() == {NOT_A_DIGIT: 1}


def test_another_visitor_who_corrects_the_same_frame_does_not_count_it_twice(
    monkeypatch: pytest.MonkeyPatch, store: CorrectionStore
) -> None:
    for label in (9, 9, 7):
        app = draw_page(monkeypatch)
        choice(app, "Read as a 4. It is").set_value(label).run()  # type: ignore[attr-defined]
    assert store.counts() == {7: 1}
    # Undone, it is what the one before had said.
    press(app, "undo_")
    assert store.counts() == {9: 1}


def test_a_store_that_cannot_be_written_is_explained_at_the_digit(
    monkeypatch: pytest.MonkeyPatch, store: CorrectionStore
) -> None:
    store.path.write_bytes(b"Seven. " * 400)
    app = draw_page(monkeypatch)
    choice(app, "Read as a 4. It is").set_value(9).run()  # type: ignore[attr-defined]
    assert not app.exception
    assert "damaged" in app.error[0].value
    assert "Kept as" not in texts(app)


def gallery() -> AppTest:
    def page() -> None:
        from pages.train import corrections

        corrections.show()

    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    return app


def test_an_empty_gallery_says_what_it_is_for(store: CorrectionStore) -> None:
    app = gallery()
    assert "Nothing has been corrected yet" in app.info[0].value
    assert str(store.path) in texts(app)
    assert "Nothing is sent anywhere" in texts(app)
    assert not app.image
    assert not store.path.parent.joinpath("corrections.sqlite3").exists()


def test_the_gallery_shows_filters_and_pages(store: CorrectionStore) -> None:
    store.add(*(make_correction(n, n % 3, guess=8, confidence=0.5) for n in range(60)))
    app = gallery()
    assert choice(app, "60 corrections").options == [  # type: ignore[attr-defined]
        f"{label} :small[(20)]" for label in range(3)
    ]
    alts = [image.proto.imgs[0].alt for image in app.image]
    assert len(alts) == 24
    # Page 3 has the other 12; when a filter leaves one page, that one is shown.
    assert alts[0] == "A correction: 2, 28 by 28 pixels."
    assert "**2** :small[not 8]" in texts(app)
    assert "Read as an 8, 50.0%" in texts(app)
    choice(app, "60 corrections").set_value(1).run()  # type: ignore[attr-defined]
    alts = [image.proto.imgs[0].alt for image in app.image]
    assert alts == ["A correction: 1, 28 by 28 pixels."] * 20


def test_relabel_delete_and_undo(store: CorrectionStore) -> None:
    first, second = store.add(make_correction(1, 3), make_correction(2, 5)).added
    app = gallery()
    choices = [pills for pills in app.get("button_group") if pills.label == "It is"]
    choices[1].set_value(8).run()  # the newest is shown first
    assert store.counts() == {5: 1, 8: 1}
    assert "It is an 8 now." in texts(app)
    press(app, "corrections_undo")
    assert store.counts() == {3: 1, 5: 1}
    press(app, f"delete_{second}")
    assert [found.id for found in store.find()] == [first]
    press(app, "corrections_undo")
    assert [found.id for found in store.find()] == [second, first]
    press(app, "corrections_clear_sure")
    assert store.counts() == {}
    assert "Nothing has been corrected yet" in app.info[0].value
    press(app, "corrections_undo")
    assert [found.id for found in store.find()] == [second, first]


def test_only_the_chosen_label_is_deleted(store: CorrectionStore) -> None:
    store.add(*(make_correction(n, n % 2) for n in range(10)))
    app = gallery()
    choice(app, "10 corrections").set_value(1).run()  # type: ignore[attr-defined]
    press(app, "corrections_clear_sure")
    assert store.counts() == {0: 5}
    assert "5 deleted." in texts(app)
    # The label that is gone is not chosen any more.
    assert len(app.image) == 5


@pytest.mark.parametrize("save", [to_npz, to_zip])
def test_a_saved_file_is_brought_in(
    store: CorrectionStore, save: Callable[[list[object]], bytes]
) -> None:
    store.add(make_correction(1, 3))
    content = save([make_correction(n, n) for n in range(4)])  # frame 1 is there already, as a 3
    app = gallery()
    app.file_uploader[0].set_value(("mine.npz", content, "application/octet-stream")).run()
    assert not app.exception
    assert store.counts() == {0: 1, 1: 1, 2: 1, 3: 1}
    assert "3 of 4 brought in, 1 got another label." in texts(app)
    press(app, "corrections_undo")
    assert store.counts() == {3: 1}


def test_a_file_that_is_none_is_explained(store: CorrectionStore) -> None:
    app = gallery()
    app.file_uploader[0].set_value(("mine.npz", b"Seven.", "application/octet-stream")).run()
    assert not app.exception
    assert "cannot be imported" in app.error[0].value
    assert not store.path.exists()


def test_a_damaged_store_is_moved_aside_when_asked(store: CorrectionStore) -> None:
    store.path.write_bytes(b"Seven. " * 400)
    app = gallery()
    assert "damaged" in app.error[0].value
    press(app, "corrections_aside")
    assert "Nothing has been corrected yet" in app.info[0].value
    (aside,) = store.path.parent.glob("corrections.sqlite3.*")
    assert aside.read_bytes() == b"Seven. " * 400
    assert str(aside) in texts(app)


def test_another_programs_file_is_not_offered_to_be_moved(store: CorrectionStore) -> None:
    import sqlite3

    with sqlite3.connect(store.path) as database:
        database.execute("CREATE TABLE recipes (name TEXT)")
    app = gallery()
    assert "another program's" in app.error[0].value
    assert not app.button


def live_page(held: bool) -> AppTest:
    def page() -> None:
        import streamlit as st

        from pages.widgets import correct

        correct.offer_live(st.session_state["live"])

    reader = LiveReader(load_recognizer("cnn"))
    if held:
        reader.settings = WebcamSettings(roi=(0.0, 0.0, 1.0, 1.0), smoothing=1)
        frame = 255 - cv2.copyMakeBorder(drawn_digit(OWN_STROKES[4]), 100, 100, 180, 180, 0)
        reader.process(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
    app = AppTest.from_function(page, default_timeout=60)
    app.session_state["live"] = reader
    app.run()
    assert not app.exception
    return app


def test_a_video_is_held_when_it_is_wrong(store: CorrectionStore) -> None:
    app = live_page(held=True)
    assert not app.get("button_group")
    # As the popover's own press does it, which AppTest has not.
    digits: list[Digit] = app.session_state["live"].state.result.digits
    app.session_state["live_held"] = digits
    app.session_state["live_held_by"] = app.session_state["live"].recognizer.card
    app.session_state["live_wrong"] = True
    app.run()
    assert not app.exception
    choice(app, "Read as a 4. It is").set_value(9).run()  # type: ignore[attr-defined]
    (kept,) = store.find()
    assert (kept.label, kept.guess, kept.source, kept.model) == (9, 4, "webcam", "cnn")
    assert np.array_equal(kept.frame, digits[0].frame)
