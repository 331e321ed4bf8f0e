"""The gallery of corrections, without a browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest
from support.apps import button_group, press
from support.frames import make_correction

from mnist_core.corrections.files import to_npz, to_zip
from mnist_core.corrections.store import CorrectionStore


def texts(app: AppTest) -> str:
    return "\n".join(element.value for element in (*app.markdown, *app.caption, *app.info))


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
    assert button_group(app, "60 corrections").options == [
        f"{label} :small[(20)]" for label in range(3)
    ]
    alts = [image.proto.imgs[0].alt for image in app.image]
    assert len(alts) == 24
    # Page 3 has the other 12; when a filter leaves one page, that one is shown.
    assert alts[0] == "A correction: 2, 28 by 28 pixels."
    assert "**2** :small[not 8]" in texts(app)
    assert "Read as an 8, 50.0%" in texts(app)
    button_group(app, "60 corrections").set_value(1).run()
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
    button_group(app, "10 corrections").set_value(1).run()
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
