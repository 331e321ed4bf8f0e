// Reports the point of a 3-D chart under a press without a drag; see clicks_3d.py.
// A pointer that moved farther than this, px, has turned the map.
const STILL = 4
// At module level: Streamlit may run the function below again while a button is held.
let hovered = undefined, pressed = null

export default function (component) {
  const { data, setTriggerValue } = component
  let chart = null
  const onHover = (event) => { hovered = event.points?.[0]?.customdata?.[0] }
  const onLeave = () => { hovered = undefined }
  const onPress = (event) => { pressed = { x: event.clientX, y: event.clientY, point: hovered } }
  const onRelease = (event) => {
    const start = pressed
    pressed = null
    if (!start || start.point === undefined) return
    if (Math.hypot(event.clientX - start.x, event.clientY - start.y) > STILL) return
    setTriggerValue("picked", start.point)
  }
  const detach = () => {
    chart?.removeListener?.("plotly_hover", onHover)
    chart?.removeListener?.("plotly_unhover", onLeave)
    chart?.removeEventListener("pointerdown", onPress, true)
  }
  // The chart appears after this component, and is replaced when it is redrawn.
  const attach = () => {
    const found = document.querySelector(`.st-key-${CSS.escape(data.chart)} .js-plotly-plot`)
    if (!found?.on || found === chart) return
    detach()
    chart = found
    chart.on("plotly_hover", onHover)
    chart.on("plotly_unhover", onLeave)
    // In the capture phase: Plotly stops the event.
    chart.addEventListener("pointerdown", onPress, true)
  }
  const timer = setInterval(attach, 200)
  // On the window: Plotly covers the page while a button is held.
  window.addEventListener("pointerup", onRelease, true)
  return () => {
    clearInterval(timer)
    window.removeEventListener("pointerup", onRelease, true)
    detach()
  }
}
