// Handles keys before Streamlit does, and sends a stroke at its end; see browser.py.
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
    const control = document.querySelector(`.st-key-${key} :is(button, input)`)
    if (!control) return
    event.preventDefault()
    event.stopImmediatePropagation()
    if (!event.repeat) control.click()
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

  // After a click on Start of the WebRTC video, the keys go to the video's own frame.
  const frames = new Set()
  const onBlur = () => setTimeout(() => {
    const frame = document.activeElement?.contentWindow
    try {
      frame?.addEventListener("keydown", onKey, true)
      if (frame) frames.add(frame)
    } catch (error) {
      if (error.name !== "SecurityError") throw error // a frame of another site
    }
  })

  const listeners = [
    ["keydown", onKey], ["mousedown", onStart], ["touchstart", onStart],
    ["mouseup", onEnd], ["touchend", onEnd], ["blur", onBlur],
  ]
  for (const [name, listen] of listeners) window.addEventListener(name, listen, true)
  return () => {
    for (const [name, listen] of listeners) window.removeEventListener(name, listen, true)
    for (const frame of frames) frame.removeEventListener("keydown", onKey, true)
  }
}
