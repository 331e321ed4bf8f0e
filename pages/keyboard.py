"""Keys that press buttons.

`st.button(shortcut=...)` refuses "c" and "r": Streamlit keeps them for its own menu. This small
component listens before Streamlit does and presses the button itself, so the button stays the one
place where something happens.
"""

import streamlit as st

_LISTEN = """
export default function (component) {
  const keys = component.data.keys
  const listen = (event) => {
    const inField = event.composedPath().some(
      (node) => node.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName ?? "")
        && !/^(range|checkbox|radio|button|file)$/.test(node.type ?? "")
    )
    const key = keys[event.key.toLowerCase()]
    if (!key || inField || event.ctrlKey || event.metaKey || event.altKey) return
    const button = document.querySelector(`.st-key-${key} button`)
    if (!button) return
    event.preventDefault()
    event.stopImmediatePropagation()
    if (!event.repeat) button.click()
  }
  window.addEventListener("keydown", listen, true)
  return () => window.removeEventListener("keydown", listen, true)
}
"""

_component = st.components.v2.component("digit_lab_keyboard", js=_LISTEN)


def press_on(keys: dict[str, str]) -> None:
    """Press buttons from the keyboard while the page is shown.

    Args:
        keys: a lower-case letter -> the Streamlit key of the button that it presses. Letters typed
            into a field, and those with Ctrl, Alt or Command, are left alone.
    """
    _component(data={"keys": keys}, key="keyboard", height=0)
