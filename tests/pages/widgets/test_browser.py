"""The keyboard shortcuts and the switch that turns them off."""

from __future__ import annotations

import json

from streamlit.testing.v1 import AppTest

PAGE = """
import streamlit as st
from pages.widgets import browser
st.button(browser.label_with_key("Read", "P"), key="read")
browser.handle_input({"p": "read"})
"""


def keys(app: AppTest) -> dict[str, str]:
    (component,) = app.get("bidi_component")
    return json.loads(component.proto.json)["keys"]


def test_shortcuts_can_be_switched_off() -> None:
    app = AppTest.from_string(PAGE).run()
    assert keys(app) == {"p": "read"}
    assert app.button(key="read").label == "Read :gray-badge[P]"
    app.sidebar.toggle(key="shortcuts").set_value(False).run()
    assert keys(app) == {}
    assert app.button(key="read").label == "Read"
