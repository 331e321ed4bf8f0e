"""What runs in the visitor's browser: keys that press buttons, strokes sent at once, a file saved.

`st.button(shortcut=...)` refuses "c" and "r": Streamlit keeps them for its own menu. So keys are
heard here, before Streamlit hears them, and press the button itself: it stays the one place where
something happens.

The canvas waits 200 ms after a stroke before it sends the drawing (streamlit-drawable-canvas 0.13
has no setting for it), but its toolbar has a button that sends at once. It is pressed at the end of
every stroke. Should a later version lack the button, the canvas sends as before.
"""

import base64
from collections.abc import Callable

import streamlit as st

_SCRIPT = """
const SEND = 'button[aria-label="Update the app with this drawing"]'

function inField(path) {
  return path.some((node) => node.isContentEditable
    || /^(TEXTAREA|SELECT)$/.test(node.tagName ?? "")
    || (node.tagName === "INPUT" && !/^(range|checkbox|radio|button|file)$/.test(node.type)))
}

export default function (component) {
  const { keys } = component.data
  const onKey = (event) => {
    const key = keys[event.key?.toLowerCase()]
    if (!key || event.ctrlKey || event.metaKey || event.altKey) return
    if (inField(event.composedPath())) return
    const button = document.querySelector(`.st-key-${key} button`)
    if (!button) return
    event.preventDefault()
    event.stopImmediatePropagation()
    if (!event.repeat) button.click()
  }

  let root = null
  const onStart = (event) => {
    const canvas = event.composedPath().find((node) => node.tagName === "CANVAS")
    root = canvas ? canvas.getRootNode() : null
  }
  const onEnd = () => {
    const drawnOn = root
    root = null
    // Not before the canvas itself has taken in the stroke.
    if (drawnOn) setTimeout(() => drawnOn.querySelector(SEND)?.click())
  }

  const listeners = [
    ["keydown", onKey], ["mousedown", onStart], ["touchstart", onStart],
    ["mouseup", onEnd], ["touchend", onEnd],
  ]
  for (const [name, listen] of listeners) window.addEventListener(name, listen, true)
  return () => {
    for (const [name, listen] of listeners) window.removeEventListener(name, listen, true)
  }
}
"""

_component = st.components.v2.component("digit_lab_client", js=_SCRIPT)


def assist(keys: dict[str, str]) -> None:
    """Let keys press buttons and strokes be sent at once, while the page is shown.

    Args:
        keys: a lower-case letter -> the Streamlit key of the button that it presses. Letters typed
            into a field, and those with Ctrl, Alt or Command, are left alone.
    """
    _component(data={"keys": keys}, key="client", height=0)


_SAVE_SCRIPT = """
export default function (component) {
  const { data, setTriggerValue } = component
  // Once, however often this is drawn anew.
  const saved = window.digitLabSaved ??= {}
  if (data.number > (saved[data.button] ?? 0)) {
    saved[data.button] = data.number
    const content = Uint8Array.from(atob(data.content), (character) => character.charCodeAt(0))
    // Browsers limit how long an address with the content inside may be.
    const address = URL.createObjectURL(new Blob([content], { type: data.mime }))
    const link = document.createElement("a")
    link.download = data.name
    link.href = address
    link.click()
    setTimeout(() => URL.revokeObjectURL(address), 60000)
  }
  setTriggerValue("saved", data.number)
}
"""

_save_component = st.components.v2.component("digit_lab_save", js=_SAVE_SCRIPT)


def save(
    number: int, name: str, mime: str, content: bytes, *, key: str, on_saved: Callable[[], None]
) -> None:
    """Save a file in the visitor's browser, once.

    Args:
        number: larger than that of any file before with this key.
        name: of the file.
        mime: its type.
        content: its bytes.
        key: of the component.
        on_saved: called when the browser has it.
    """
    text = base64.b64encode(content).decode()
    data = {"button": key, "number": number, "name": name, "mime": mime, "content": text}
    _save_component(data=data, key=key, height=0, on_saved_change=on_saved)


_CAMERA_SCRIPT = """
export default function (component) {
  const { setStateValue, data } = component
  let known = data.known
  const tell = (camera) => {
    if (camera !== known) setStateValue("camera", known = camera)
  }
  const devices = navigator.mediaDevices
  let permission = null
  const look = async () => {
    if (!window.isSecureContext || !devices) return tell("insecure")
    const found = await devices.enumerateDevices()
    if (!found.some((device) => device.kind === "videoinput")) return tell("none")
    tell(permission?.state === "denied" ? "denied" : "there")
  }
  // Not every browser tells permissions, or those of cameras.
  const asked = navigator.permissions?.query({ name: "camera" }) ?? Promise.reject()
  asked.then((status) => { permission = status; status.onchange = look }, () => null).then(look)
  devices?.addEventListener("devicechange", look)
  return () => {
    devices?.removeEventListener("devicechange", look)
    if (permission) permission.onchange = null
  }
}
"""

_camera_component = st.components.v2.component("digit_lab_camera", js=_CAMERA_SCRIPT)


def camera() -> str:
    """What the visitor's browser says of its cameras, before any is started.

    Returns:
        "there", "none", "denied", "insecure" (not on HTTPS or localhost), or "" as long as the
        browser has not answered.
    """
    known = st.session_state.get("camera_check", {}).get("camera", "")
    result = _camera_component(
        data={"known": known}, key="camera_check", height=0, on_camera_change=lambda: None
    )
    return result.get("camera") or ""
