"""Clicks on the points of a 3-D chart, which Streamlit does not report.

Streamlit reports selected points, but Plotly cannot select points in 3-D. Plotly does report the
point under the pointer: a press without a drag counts as a click on that point.

If a later version of either library works differently, clicks do nothing; the number box beside
the map still selects an image.
"""

from pathlib import Path

import streamlit as st

_component = st.components.v2.component(
    "digit_lab_map_clicks", js=Path(__file__).with_suffix(".js").read_text("utf-8")
)


def clicked_point(chart: str, key: str) -> int | None:
    """The first custom datum of the point that was just clicked, or None.

    Args:
        chart: the chart's key.
        key: this element's key.
    """
    result = _component(data={"chart": chart}, key=key, height=0, on_picked_change=lambda: None)
    picked = result.get("picked")
    return None if picked is None else int(picked)
