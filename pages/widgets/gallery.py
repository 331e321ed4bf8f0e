"""Small pictures in rows that can be clicked, or chosen by the keyboard."""

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
  // Only what changed is changed: a button that was pressed keeps the keyboard.
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
    """One picture of a gallery.

    Attributes:
        id: what is told when it is picked.
        frame: (28, 28) uint8.
        caption: the few words under it.
        alt: what it shows, in full.
    """

    id: int
    frame: np.ndarray
    caption: str
    alt: str


def show(pictures: Sequence[Picture], chosen: int | None, key: str) -> int | None:
    """Show the pictures, the chosen one marked.

    Returns:
        The id of the picture that was picked just now, else None.
    """
    result = _component(
        data={
            "pictures": [
                {"id": p.id, "src": png_source(p.frame), "caption": p.caption, "alt": p.alt}
                for p in pictures
            ],
            "chosen": chosen,
        },
        key=key,
        on_picked_change=lambda: None,
    )
    picked = result.get("picked")
    return None if picked is None else int(picked)


def png_source(image: np.ndarray) -> str:
    """A picture, (h, w) grey or (h, w, 3) BGR uint8, as an address with its data inside."""
    return "data:image/png;base64," + base64.b64encode(cv2.imencode(".png", image)[1]).decode()
