"""What each access mode turns off on the pages, why, and what still works."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from support.apps import ROOT, button_group, replace_canvas, run_page, run_script, texts
from support.cards import make_card
from support.own_strokes import OWN_STROKES
from support.strokes import drawn_digit

from mnist_core import TrainingConfig
from mnist_core.corrections.store import CorrectionStore
from mnist_core.registry.card import write_card
from mnist_core.registry.staging import staged_model
from mnist_core.runs.run import Outcome
from mnist_core.runs.store import list_runs, new_run

TRAIN = "from pages.train import tab; tab.show()"
START = """
from mnist_core import TrainingConfig
from pages.train import form
form.start(TrainingConfig(architecture="mlp", name="second"))
"""
EVALUATE = "from pages.evaluate import tab; tab.show()"
ANN = {"is_logged_in": True, "iss": "login.example", "sub": "1", "email": "ann@school.example"}
EVE = ANN | {"sub": "2", "email": "eve@other.example"}
LOGIN = {"mode": "login", "people": ["@school.example"]}
# Settings, who has logged in, and why something is off; "" if it is on.
CASES = {
    "open": ({}, {}, ""),
    "read-only": ({"mode": "read-only"}, {}, "is off here: this server is read-only"),
    "login": (LOGIN, {}, "needs a login. Press *Log in* in the sidebar."),
    "not listed": (LOGIN, EVE, "for the people whom the owner of this server has listed"),
    "listed": (LOGIN, ANN, ""),
}
pytestmark = pytest.mark.usefixtures("runs", "models", "store")


@pytest.fixture(params=CASES.values(), ids=CASES)
def case(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, str]:
    """Who has logged in, on another machine, and why something is off."""
    settings, user, reason = request.param
    monkeypatch.setenv("MNIST_ACCESS", json.dumps(settings))
    monkeypatch.setattr(type(st.context), "ip_address", "192.168.1.30")
    log_in(monkeypatch, user)
    return user, reason


def log_in(monkeypatch: pytest.MonkeyPatch, user: dict[str, object]) -> None:
    monkeypatch.setattr("pages.widgets.access.st.user", _User(user))


class _User(dict[str, Any]):
    def to_dict(self) -> dict[str, Any]:
        return dict(self)


def refusals(app: AppTest) -> str:
    return texts(app, "info").replace("\\", "")


def test_train_tab(case: tuple[Any, str], models: Path, store: CorrectionStore) -> None:
    _, reason = case
    with staged_model("mine", models) as stage:
        write_card(make_card("mine"), stage)
    run = new_run(TrainingConfig(architecture="mlp", name="first"))
    run.finish(Outcome(state="failed"))
    app = run_script(TRAIN, shelf="mine", training_watched=run.id)
    start, resume = app.button(key="train_start"), app.button(key="train_resume")
    assert start.disabled == resume.disabled == bool(reason)
    assert reason in start.help
    assert ("Training " in refusals(app)) == ("Correcting " in refusals(app)) == bool(reason)
    # The model of others: looked at and downloaded, not renamed or deleted, with a reason.
    assert app.button(key="shelf_card.json").label == "Card"
    assert not [button for button in app.button if button.key in ("shelf_rename", "shelf_delete")]
    captions = texts(app, "caption").replace("\\", "")
    assert (reason or "Others have started this. You can change what you") in captions
    if reason:
        app = run_script(START)  # a program in the page's place
        assert len(list_runs()) == 1
        assert reason in texts(app, "error").replace("\\", "")


@pytest.mark.parametrize("source", ["Uploaded set", "My corrections"])
def test_evaluate_tab(case: tuple[Any, str], source: str) -> None:
    _, reason = case
    app = run_script(EVALUATE, evaluation_data=source)
    assert not app.error
    assert reason in refusals(app)
    assert bool(app.get("file_uploader")) == (source == "Uploaded set" and not reason)
    if reason:
        app.selectbox(key="evaluation_data").set_value("MNIST test").run()
        assert not app.exception
        assert app.metric


def test_correcting_a_drawing(
    case: tuple[Any, str], store: CorrectionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, reason = case
    replace_canvas(monkeypatch, drawn_digit(OWN_STROKES[4]), "a stroke")
    app = run_page("draw")
    (popover,) = app.get("popover")
    assert popover.proto.popover.disabled == bool(reason)
    assert reason in popover.proto.popover.help
    button_group(app, "Read as").set_value(7).run()  # a program in the page's place, if it is off
    assert sum(store.counts().values()) == (not reason)
    assert reason in texts(app, "error").replace("\\", "")


@pytest.mark.parametrize(
    ("user", "button", "text"),
    [
        ({}, "log_in", ""),
        (ANN, "log_out", "Logged in as ann@school.example. You can train, upload and correct."),
        (EVE, "log_out", "Logged in as eve@other.example. You can read and look"),
    ],
)
def test_sidebar_offers_the_login(
    user: dict[str, object], button: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(st.context), "ip_address", "192.168.1.30")
    log_in(monkeypatch, user)
    buttons = []
    for settings in ({}, LOGIN):
        monkeypatch.setenv("MNIST_ACCESS", json.dumps(settings))
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30).run()
        assert not app.exception
        buttons.append([b.key for b in app.sidebar.button if b.key.startswith("log_")])
    assert buttons == [[], [button]]
    assert text in texts(app, "caption").replace("\\", "")
