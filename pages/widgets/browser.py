"""JavaScript in the visitor's browser: keyboard shortcuts, strokes, saved files, cameras.

`st.button(shortcut=...)` refuses "c" and "r", which Streamlit reserves for its own menu. So this
script handles the keys before Streamlit does, and clicks the button.

The canvas sends the drawing 200 ms after a stroke (streamlit-drawable-canvas 0.13 has no setting
for it), but its toolbar has a button that sends at once. The script clicks that button at the end
of each stroke. Without the button, the canvas sends as before.
"""

import base64
from collections.abc import Callable

import streamlit as st

_INPUT_SCRIPT = """
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
    const target = root
    root = null
    // After the canvas itself has handled the end of the stroke.
    if (target) setTimeout(() => target.querySelector(SEND)?.click())
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

_input_component = st.components.v2.component("digit_lab_client", js=_INPUT_SCRIPT)


def handle_input(keys: dict[str, str]) -> None:
    """Enable shortcuts, and send strokes at once, while the page is shown.

    Args:
        keys: a lower-case letter -> the Streamlit key of the button that it clicks. Letters typed
            into a field, or with Ctrl, Alt or Command, have no effect.
    """
    _input_component(data={"keys": keys}, key="client", height=0)


_SAVE_SCRIPT = """
export default function (component) {
  const { data, setTriggerValue } = component
  // Save each file once, even if this component renders again.
  const saved = window.digitLabSaved ??= {}
  if (data.number > (saved[data.button] ?? 0)) {
    saved[data.button] = data.number
    const content = Uint8Array.from(atob(data.content), (character) => character.charCodeAt(0))
    // Browsers limit the length of data URLs.
    const url = URL.createObjectURL(new Blob([content], { type: data.mime }))
    const link = document.createElement("a")
    link.download = data.name
    link.href = url
    link.click()
    setTimeout(() => URL.revokeObjectURL(url), 60000)
  }
  setTriggerValue("saved", data.number)
}
"""

_save_component = st.components.v2.component("digit_lab_save", js=_SAVE_SCRIPT)


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


_CAMERA_SCRIPT = """
export default function (component) {
  const { setStateValue, data } = component
  let known = data.known
  const report = (camera) => {
    if (camera !== known) setStateValue("camera", known = camera)
  }
  const devices = navigator.mediaDevices
  let permission = null
  const check = async () => {
    if (!window.isSecureContext || !devices) return report("insecure")
    const found = await devices.enumerateDevices()
    if (!found.some((device) => device.kind === "videoinput")) return report("none")
    if (permission?.state === "denied") return report("denied")
    report(window.RTCPeerConnection ? "available" : "no WebRTC")
  }
  // Some browsers cannot query permissions, or not those of cameras.
  const query = navigator.permissions?.query({ name: "camera" }) ?? Promise.reject()
  query.then((status) => { permission = status; status.onchange = check }, () => null).then(check)
  devices?.addEventListener("devicechange", check)
  return () => {
    devices?.removeEventListener("devicechange", check)
    if (permission) permission.onchange = null
  }
}
"""

_camera_component = st.components.v2.component("digit_lab_camera", js=_CAMERA_SCRIPT)


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
