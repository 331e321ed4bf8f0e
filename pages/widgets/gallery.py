"""A grid of small pictures that can be picked by mouse or keyboard."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import streamlit as st

_CSS = """
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(76px, 1fr)); gap: .4rem; }
button { all: unset; box-sizing: border-box; cursor: pointer; text-align: center;
  padding: .3rem; border-radius: .5rem; border: 2px solid transparent;
  background: var(--st-secondary-background-color); color: var(--st-text-color);
  font: .8rem/1.25 var(--st-font); font-variant-numeric: tabular-nums; white-space: pre-line; }
button:hover, button:focus-visible { border-color: var(--st-text-color); }
button[aria-pressed="true"] { border-color: var(--st-primary-color); }
img { display: block; width: 56px; height: 56px; margin: 0 auto .2rem; image-rendering: pixelated;
  border-radius: .25rem; }
"""
_SCRIPT = """
export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const known = JSON.stringify(data.pictures)
  let grid = parentElement.querySelector(".gallery")
  // Rebuilt only if the pictures change: a pressed button keeps the focus.
  if (grid?.known !== known) {
    grid?.remove()
    grid = document.createElement("div")
    grid.className = "gallery"
    grid.known = known
    for (const { id, src, caption, alt } of data.pictures) {
      const button = document.createElement("button")
      const image = document.createElement("img")
      image.src = src
      image.alt = alt
      button.dataset.id = id
      button.title = alt
      button.append(image, caption)
      button.onclick = () => setTriggerValue("picked", id)
      grid.append(button)
    }
    parentElement.append(grid)
  }
  for (const button of grid.children) {
    button.setAttribute("aria-pressed", Number(button.dataset.id) === data.chosen)
  }
}
"""
_component = st.components.v2.component("digit_lab_gallery", css=_CSS, js=_SCRIPT)


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
