"""The gallery of corrections, without a browser."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from support.apps import alts, button_group, press, run_script, texts
from support.frames import make_correction

from mnist_core.corrections.files import to_npz, to_zip
from mnist_core.corrections.store import CorrectionStore
from pages.widgets.show_errors import plain


def gallery() -> AppTest:
    return run_script("from pages.train import corrections; corrections.show()")


def messages(app: AppTest) -> str:
    return texts(app, "markdown", "caption")


def test_empty_gallery_explains_itself(store: CorrectionStore) -> None:
    app = gallery()
    assert "No corrections yet" in app.info[0].value
    assert plain(str(store.path)) in messages(app)
    assert "Nothing is sent anywhere" in messages(app)
    assert not app.image
    assert not store.path.parent.joinpath("corrections.sqlite3").exists()


def test_place_of_the_corrections_is_hidden_from_other_computers(
    store: CorrectionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(st.context), "ip_address", "192.168.1.30")
    app = gallery()
    assert "only on the computer that runs this app. Nothing" in messages(app)
    assert str(store.path.parent.name) not in messages(app)


def test_gallery_filters_and_pages(store: CorrectionStore) -> None:
    store.add(*(make_correction(n, n % 3, guess=8, confidence=0.5) for n in range(60)))
    app = gallery()
    assert button_group(app, "60 corrections").options == [
        f"{label} :small[(20)]" for label in range(3)
    ]
    assert len(alts(app)) == 24
    assert alts(app)[0] == "A correction: 2, 28 by 28 pixels."
    assert "**2** :small[not 8]" in messages(app)
    assert "Read as an 8, 50.0%" in messages(app)
    button_group(app, "60 corrections").set_value(1).run()
    assert alts(app) == ["A correction: 1, 28 by 28 pixels."] * 20


def test_gallery_relabels_deletes_and_undoes(store: CorrectionStore) -> None:
    first, second = store.add(make_correction(1, 3), make_correction(2, 5)).added
    app = gallery()
    choices = [pills for pills in app.get("button_group") if pills.label == "Correct label"]
    choices[1].set_value(8).run()  # the newest is shown first
    assert store.counts() == {5: 1, 8: 1}
    assert "Relabeled as 8." in messages(app)
    press(app, "corrections_undo")
    assert store.counts() == {3: 1, 5: 1}
    press(app, f"delete_{second}")
    assert [found.id for found in store.find()] == [first]
    press(app, "corrections_undo")
    assert [found.id for found in store.find()] == [second, first]
    press(app, "corrections_clear_sure")
    assert store.counts() == {}
    assert "No corrections yet" in app.info[0].value
    press(app, "corrections_undo")
    assert [found.id for found in store.find()] == [second, first]


def test_delete_all_deletes_only_the_chosen_label(store: CorrectionStore) -> None:
    store.add(*(make_correction(n, n % 2) for n in range(10)))
    app = gallery()
    button_group(app, "10 corrections").set_value(1).run()
    press(app, "corrections_clear_sure")
    assert store.counts() == {0: 5}
    assert "5 deleted." in messages(app)
    # The filter is gone together with its label.
    assert len(app.image) == 5


@pytest.mark.parametrize("save", [to_npz, to_zip])
def test_exported_file_is_imported(
    store: CorrectionStore, save: Callable[[list[object]], bytes]
) -> None:
    store.add(make_correction(1, 3))
    content = save([make_correction(n, n) for n in range(4)])  # frame 1 is stored as a 3
    app = gallery()
    app.file_uploader[0].set_value(("mine.npz", content, "application/octet-stream")).run()
    assert not app.exception
    assert store.counts() == {0: 1, 1: 1, 2: 1, 3: 1}
    assert "3 of 4 imported, 1 relabeled." in messages(app)
    press(app, "corrections_undo")
    assert store.counts() == {3: 1}


def test_invalid_file_shows_an_error(store: CorrectionStore) -> None:
    app = gallery()
    app.file_uploader[0].set_value(("mine.npz", b"Seven.", "application/octet-stream")).run()
    assert not app.exception
    assert "cannot be imported" in app.error[0].value
    assert not store.path.exists()


def test_damaged_store_is_moved_aside_on_request(store: CorrectionStore) -> None:
    store.path.write_bytes(b"Seven. " * 400)
    app = gallery()
    assert "damaged" in app.error[0].value
    press(app, "corrections_aside")
    assert "No corrections yet" in app.info[0].value
    (aside,) = store.path.parent.glob("corrections.sqlite3.*")
    assert aside.read_bytes() == b"Seven. " * 400
    assert str(aside) in messages(app)


def test_store_of_another_program_stays(store: CorrectionStore) -> None:
    with sqlite3.connect(store.path) as database:
        database.execute("CREATE TABLE recipes (name TEXT)")
    app = gallery()
    assert "another program's" in app.error[0].value
    assert not app.button
