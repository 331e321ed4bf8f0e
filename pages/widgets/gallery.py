"""A grid of small pictures that can be picked by mouse or keyboard."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import streamlit as st

_FILE = Path(__file__)
_component = st.components.v2.component(
    "digit_lab_gallery",
    css=_FILE.with_suffix(".css").read_text("utf-8"),
    js=_FILE.with_suffix(".js").read_text("utf-8"),
)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture, (28, 28) uint8, with a short caption and, as its tooltip, a description."""

    id: int
    frame: np.ndarray
    caption: str
    alt: str


def show(pictures: Sequence[Picture], chosen: int | None, key: str) -> int | None:
    """Show the pictures, with the chosen one highlighted.

    Returns:
        The id of the picture that was just picked, else None.
    """
    result = _component(
        data={
            "pictures": [
                {"id": p.id, "src": data_url(p.frame), "caption": p.caption, "alt": p.alt}
                for p in pictures
            ],
            "chosen": chosen,
        },
        key=key,
        on_picked_change=lambda: None,
    )
    picked = result.get("picked")
    return None if picked is None else int(picked)


def data_url(image: np.ndarray) -> str:
    """An image, (h, w) grey or (h, w, 3) BGR uint8, as a data URL."""
    content = cv2.imencode(".png", image)[1].tobytes()
    return "data:image/png;base64," + base64.b64encode(content).decode()
