"""Parts of pages in Streamlit's `AppTest`, and what they show."""

from __future__ import annotations

import json
from typing import Any

from streamlit.testing.v1 import AppTest


def run_script(script: str, **state: object) -> AppTest:
    """Run a script as a page, with this session state."""
    app = AppTest.from_string(script, default_timeout=60)
    for key, value in state.items():
        app.session_state[key] = value
    app.run()
    assert not app.exception
    return app


def figures(app: AppTest) -> list[dict[str, Any]]:
    """The Plotly figures."""
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def alts(app: AppTest) -> list[str]:
    """The alternative texts of the images."""
    return [image.proto.imgs[0].alt for image in app.image]


def texts(app: AppTest, *kinds: str) -> str:
    """The text of all elements of these kinds, such as "caption"."""
    return "\n".join(str(element.value) for kind in kinds for element in app.get(kind))
