"""Clicks on the points of a chart in three dimensions, which Streamlit does not tell of.

It tells of points that are selected, and Plotly selects none in 3-D; but it tells of clicks there.
Should a later version of either work otherwise, nothing is clicked, and the box beside the map
chooses the image all the same.
"""

import streamlit as st

_SCRIPT = """
export default function (component) {
  const { data, setTriggerValue } = component
  const tell = (event) => {
    const place = event.points?.[0]?.customdata?.[0]
    if (place !== undefined) setTriggerValue("picked", place)
  }
  let chart = null
  const forget = () => chart?.removeListener?.("plotly_click", tell)
  // The chart comes after this, and another one when it is drawn anew.
  const look = () => {
    const found = document.querySelector(`.st-key-${CSS.escape(data.chart)} .js-plotly-plot`)
    if (!found?.on || found === chart) return
    forget()
    chart = found
    chart.on("plotly_click", tell)
  }
  const timer = setInterval(look, 200)
  return () => {
    clearInterval(timer)
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
