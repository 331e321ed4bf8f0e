"""Files that a visitor uploads: taken out of Streamlit's hands, and kept small."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from support.archives import make_png
from support.strokes import draw_strokes

from mnist_core import load_image
from pages.widgets import uploads

PNG = make_png(draw_strokes([]))


def show() -> None:
    import streamlit as st

    from pages.widgets import uploads

    picture = uploads.choose_picture("Picture", key="photo")
    st.write("none" if picture is None else f"{picture.name} {len(picture.content)}")


def test_picture_stays_and_the_uploader_is_empty_again() -> None:
    app = AppTest.from_function(show).run()
    assert app.markdown[0].value == "none"
    app.file_uploader[0].set_value(("a.png", PNG, "image/png")).run()
    assert not app.exception
    assert app.markdown[0].value == f"a.png {len(PNG)}"
    assert not app.file_uploader[0].value
    app.button(key="photo_remove").click().run()
    assert app.markdown[0].value == "none"


def test_large_file_is_released_by_streamlit(monkeypatch: pytest.MonkeyPatch) -> None:
    removed: list[tuple[str, str]] = []
    trimmed: list[bool] = []
    manager = SimpleNamespace(remove_file=lambda *of: removed.append(of))
    runtime = SimpleNamespace(
        exists=lambda: True, instance=lambda: SimpleNamespace(uploaded_file_mgr=manager)
    )
    monkeypatch.setattr(uploads, "Runtime", runtime)
    monkeypatch.setattr(uploads, "get_script_run_ctx", lambda: SimpleNamespace(session_id="ann"))
    monkeypatch.setattr(uploads.memory, "give_back", lambda: trimmed.append(True))
    uploads._release(SimpleNamespace(file_id="small", size=1000))
    assert not trimmed
    uploads._release(SimpleNamespace(file_id="large", size=60_000_000))
    assert removed == [("ann", "small"), ("ann", "large")]
    assert trimmed


def test_large_picture_is_kept_as_a_small_jpeg() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1600, 1600, 3), np.uint8)
    content = make_png(noise)
    picture = uploads._compact("noise.png", content)
    assert len(picture.content) < len(content) / 2
    assert load_image(picture.content).shape == noise.shape
    assert "noise.png" in uploads._compact("noise.png", b"text" * 2**21).name
    assert uploads._compact("noise.png", b"text" * 2**21).problem
