"""Errors and foreign text on a page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.apps import run_page, texts

from mnist_core.registry.card import CARD
from pages.widgets.show_errors import plain


@pytest.mark.parametrize(
    "text",
    ["![x](https://example.org/x.png)", "<img src=x>", "[a](http://b)", "$x$", ":red[x]", "a_b*c`"],
)
def test_markup_is_shown_as_it_is(text: str) -> None:
    assert not re.search(r"(?<!\\)[\[\]()<>$:*_`!]", plain(text))
    assert re.sub(r"\\(.)", r"\1", plain(text)) == text


@given(st.text())
def test_any_text_stays_readable(text: str) -> None:
    assert re.sub(r"(?s)\\(.)", r"\1", plain(text)) == text


def test_image_in_the_name_of_an_uploaded_file_is_not_fetched() -> None:
    app = run_page("draw", input="Photo or scan")
    name = "![x](https://example.org/x.png).pdf"
    app.file_uploader[0].set_value((name, b"%PDF-1.7", "application/pdf")).run()
    assert not app.exception
    assert "PDF document" in app.error[0].value
    for text in (texts(app, "error"), texts(app, "markdown"), texts(app, "caption")):
        assert "](https" not in text


def test_image_in_a_models_card_is_not_fetched(models: Path) -> None:
    path = models / "mlp" / CARD
    card = json.loads(path.read_text()) | {"architecture": "![x](https://example.org/x.png)"}
    path.write_text(json.dumps(card))
    app = run_page("train_evaluate", tab="Train", shelf="mlp")
    assert "example" in texts(app, "caption")
    assert "](https" not in texts(app, "caption", "markdown", "error")
