"""Clicks on the points of a chart in three dimensions, which Streamlit does not tell of.

It tells of points that are selected, and Plotly selects none in 3-D. Plotly tells of the point that
the pointer is over, and shows it; so that is the point that a click means.

Should a later version of either work otherwise, nothing is clicked, and the box beside the map
chooses the image all the same.
"""

import streamlit as st

_SCRIPT = """
// A pointer that moved farther, px, has turned the map.
const STILL = 4
// Kept here: Streamlit may begin anew below while a button is held.
let over = undefined, start = null

export default function (component) {
  const { data, setTriggerValue } = component
  let chart = null
  const hover = (event) => { over = event.points?.[0]?.customdata?.[0] }
  const leave = () => { over = undefined }
  const press = (event) => { start = { x: event.clientX, y: event.clientY, over } }
  const release = (event) => {
    const pressed = start
    start = null
    if (!pressed || pressed.over === undefined) return
    if (Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > STILL) return
    setTriggerValue("picked", pressed.over)
  }
  const forget = () => {
    chart?.removeListener?.("plotly_hover", hover)
    chart?.removeListener?.("plotly_unhover", leave)
    chart?.removeEventListener("pointerdown", press, true)
  }
  // The chart comes after this, and another one when it is drawn anew.
  const look = () => {
    const found = document.querySelector(`.st-key-${CSS.escape(data.chart)} .js-plotly-plot`)
    if (!found?.on || found === chart) return
    forget()
    chart = found
    chart.on("plotly_hover", hover)
    chart.on("plotly_unhover", leave)
    // Before Plotly, which keeps it from others.
    chart.addEventListener("pointerdown", press, true)
  }
  const timer = setInterval(look, 200)
  // While a button is held, Plotly lays something over the page.
  window.addEventListener("pointerup", release, true)
  return () => {
    clearInterval(timer)
    window.removeEventListener("pointerup", release, true)
    forget()
  }
}
"""

_component = st.components.v2.component("digit_lab_map_clicks", js=_SCRIPT)


def hear(chart: str, key: str) -> int | None:
    """The first custom datum of the point that was clicked just now, if one was.

    Args:
        chart: the key of the chart.
        key: of this element.
    """
    result = _component(data={"chart": chart}, key=key, height=0, on_picked_change=lambda: None)
    picked = result.get("picked")
    return None if picked is None else int(picked)
