"""JavaScript in the visitor's browser: keyboard shortcuts, strokes, saved files, cameras.

`st.button(shortcut=...)` refuses "c" and "r", which Streamlit reserves for its own menu. So this
script handles the keys before Streamlit does, and clicks the button.

The canvas sends the drawing 200 ms after a stroke (streamlit-drawable-canvas 0.13 has no setting
for it), but its toolbar has a button that sends at once. The script clicks that button at the end
of each stroke. Without the button, the canvas sends as before.
"""

import base64
from collections.abc import Callable
from pathlib import Path

import streamlit as st


def _script(name: str) -> str:
    return Path(__file__).with_name(f"browser_{name}.js").read_text("utf-8")


_SHORTCUTS = "shortcuts"
_input_component = st.components.v2.component("digit_lab_client", js=_script("input"))


def handle_input(keys: dict[str, str]) -> None:
    """Enable shortcuts, and send strokes at once, while the page is shown.

    A switch in the sidebar turns the shortcuts off: people who speak to their computer press
    letters without meaning to (WCAG 2.2, success criterion 2.1.4).

    Args:
        keys: a lower-case letter -> the Streamlit key of the button or switch that it clicks.
            Letters typed into a field, or with Ctrl, Alt or Command, have no effect.
    """
    with st.sidebar:
        enabled = st.toggle(
            "Keyboard shortcuts",
            value=True,
            key=_SHORTCUTS,
            persist_state="session",
            help="The letters beside the labels are keys. Turn them off if you dictate to your "
            "computer.",
        )
    _input_component(data={"keys": keys if enabled else {}}, key="client", height=0)


def label_with_key(label: str, key: str) -> str:
    """The label of a control that has a shortcut, with its letter while shortcuts are on."""
    return f"{label} :gray-badge[{key}]" if st.session_state.get(_SHORTCUTS, True) else label


_save_component = st.components.v2.component("digit_lab_save", js=_script("save"))


def save_file(
    number: int, name: str, mime: str, content: bytes, *, key: str, on_saved: Callable[[], None]
) -> None:
    """Save a file in the visitor's browser, once.

    The number must be larger than those of earlier files with this key. `on_saved` is called when
    the browser has received the file.
    """
    text = base64.b64encode(content).decode()
    data = {"button": key, "number": number, "name": name, "mime": mime, "content": text}
    _save_component(data=data, key=key, height=0, on_saved_change=on_saved)


_camera_component = st.components.v2.component("digit_lab_camera", js=_script("camera"))


def camera_status() -> str:
    """Check, before the video starts, whether the visitor's browser can use a camera.

    Returns:
        "available", "no WebRTC" (available, but for pages alone), "none", "denied", "insecure"
        (neither HTTPS nor localhost), or "" until the browser answers.
    """
    known = st.session_state.get("camera_check", {}).get("camera", "")
    result = _camera_component(
        data={"known": known}, key="camera_check", height=0, on_camera_change=lambda: None
    )
    return result.get("camera") or ""
