"""Parts of pages in Streamlit's `AppTest`, and what they show."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from streamlit.testing.v1 import AppTest

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).resolve().parents[2]


def run_script(script: str, **state: object) -> AppTest:
    """Run a script as a page, with this session state."""
    app = AppTest.from_string(script, default_timeout=60)
    for key, value in state.items():
        app.session_state[key] = value
    app.run()
    assert not app.exception
    return app


def run_page(name: str, **state: object) -> AppTest:
    """Run a page without `app.py`: AppTest can rerun a page only without `st.navigation`."""
    app = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=60)
    for key, value in ({"routed": True} | state).items():
        app.session_state[key] = value
    app.run()
    assert not app.exception
    return app


def replace_canvas(monkeypatch: pytest.MonkeyPatch, image: np.ndarray, name: str) -> None:
    """Let the Draw page's canvas return a grey image: AppTest has no browser to draw with."""
    canvas = SimpleNamespace(
        image_bytes=cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_GRAY2RGBA))[1].tobytes(),
        json_data={"objects": [name]},
    )
    module = SimpleNamespace(st_canvas=lambda **options: canvas)
    monkeypatch.setitem(sys.modules, "streamlit_drawable_canvas", module)


def button_group(app: AppTest, label: str) -> Any:
    """The pills or segmented control whose label begins with this text."""
    (found,) = [group for group in app.get("button_group") if group.label.startswith(label)]
    return found


def press(app: AppTest, key: str) -> AppTest:
    """Press the button whose key begins with this text."""
    (button,) = [button for button in app.button if (button.key or "").startswith(key)]
    button.click().run()
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
