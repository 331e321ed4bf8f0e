"""What a visitor has set on one page is still set after a visit to the others."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest
from support.apps import ROOT

from mnist_core.corrections.store import CorrectionStore

# AppTest can rerun a page only without `st.navigation`.
SCRIPT = f"""
import runpy
import streamlit as st
st.session_state["routed"] = True
page = st.session_state["page"]
if page != "none":
    runpy.run_path(f"{ROOT}/pages/{{page}}.py")
"""
KINDS = (
    "toggle",
    "checkbox",
    "slider",
    "select_slider",
    "selectbox",
    "multiselect",
    "number_input",
    "text_input",
    "button_group",
)


def settings(app: AppTest) -> dict[str, object]:
    """The value of each keyed widget of the page that holds a setting."""
    widgets = [widget for kind in KINDS for widget in app.get(kind) if widget.key]
    return {widget.key: app.session_state[widget.key] for widget in widgets}


def another(widget: object, value: object) -> object:
    """A value that the widget can have and does not have now."""
    kind = widget.type
    if kind in ("toggle", "checkbox"):
        return not value
    if kind == "text_input":
        return "typed"
    if widget.key == "roc_view":  # other groups of buttons change which widgets there are
        return "log"
    if kind in ("slider", "number_input"):
        step = widget.step or 1
        return (widget.min if value is None else value) + (
            step if value is None or value + step <= widget.max else -step
        )
    return None


@pytest.mark.parametrize(
    ("page", "state"),
    [
        ("draw", {"input": "Draw"}),
        ("webcam", {}),
        ("train_evaluate", {"tab": "Train"}),
        ("train_evaluate", {"tab": "Evaluate", "evaluation_view": "Calibration"}),
        ("train_evaluate", {"tab": "Evaluate", "evaluation_view": "ROC and PR"}),
    ],
)
def test_settings_survive_a_visit_to_another_page(
    store: CorrectionStore,
    monkeypatch: pytest.MonkeyPatch,
    page: str,
    state: dict[str, object],
) -> None:
    video = SimpleNamespace(state=SimpleNamespace(playing=False, signalling=False))
    monkeypatch.setattr("streamlit_webrtc.webrtc_streamer", lambda **options: video)
    app = AppTest.from_string(SCRIPT, default_timeout=60)
    for key, value in ({"page": page} | state).items():
        app.session_state[key] = value
    app.run()
    assert not app.exception
    first = settings(app)
    for kind in KINDS:
        for widget in app.get(kind):
            new = another(widget, first.get(widget.key)) if widget.key else None
            if new is not None and not widget.disabled:
                widget.set_value(new)
    app.run()
    assert not app.exception
    changed = settings(app)
    assert changed != first
    app.session_state["page"] = "none"
    app.run()
    app.session_state["page"] = page
    app.run()
    assert not app.exception
    assert settings(app) == changed
    for key, value in state.items():
        assert app.session_state[key] == value
