"""Draw a digit or a whole number, or send a picture of one, and see how it is read."""

import time

import numpy as np
import streamlit as st
from streamlit_drawable_canvas import st_canvas

from mnist_core import MnistError, Recognizer
from pages.widgets import browser, model_picker, reading, routing
from pages.widgets.reading import INKS, no_digits, number_of, show_digits, show_picture

CANVAS_HEIGHT = 280
CANVAS_WIDTHS = {"One digit": 280, "A number": 560}
BRUSH = 18

STYLE = """
<style>
/* Beside the canvas only where cards have room; the item of the row is what wraps the container. */
div:has(> .st-key-draw_result) { flex: 1 1 400px; min-width: min(400px, 100%); }
/* Room for the canvas's own toolbar, which floats above it. */
.st-key-canvas { padding-top: 2rem; touch-action: none; }
</style>
"""
# A canvas that is wider than a phone is shown smaller there; it can be drawn on all the same.
PHONE_STYLE = (
    "<style>@media (max-width: 640px) {{ .st-key-canvas {{ zoom: {zoom:.2f}; }} }}</style>"
)
PHONE_CANVAS = 346


def main() -> None:
    """The page."""
    st.html(reading.STYLE + STYLE)
    st.title("Draw a digit")
    try:
        recognizer = model_picker.recognizer()
    except MnistError as error:
        st.error(str(error))
        return
    drawing, photo = st.tabs([":material/draw: Draw", ":material/photo_camera: Photo or scan"])
    with drawing:
        show_canvas(recognizer)
        browser.assist({"p": "read", "c": "clear"})
    with photo:
        show_upload(recognizer)


@st.fragment
def show_canvas(recognizer: Recognizer) -> None:
    """The canvas and its reading; a stroke runs only this part of the page again."""
    state = st.session_state
    # Chosen below the canvas, known before it is drawn.
    width = CANVAS_WIDTHS[state.setdefault("canvas_size", next(iter(CANVAS_WIDTHS)))]
    st.html(PHONE_STYLE.format(zoom=min(1, PHONE_CANVAS / width)))
    # Side by side where there is room for both, else one below the other. The elements are the same
    # for both widths of the canvas: a drawing outlives the change.
    with st.container(horizontal=True, gap="medium", key="draw"):
        left = st.container(width=width + 80, key="draw_canvas")
        right = st.container(key="draw_result")
    with left:
        brush = state.setdefault("brush", BRUSH)
        # What the canvas begins with; a change of it puts that in the place of what was drawn.
        start = state.setdefault("canvas_start", {"objects": [], "version": 0})
        with st.container(key="canvas"):
            canvas = st_canvas(
                stroke_width=brush,
                stroke_color="#FFFFFF",
                background_color="#000000",
                width=width,
                height=CANVAS_HEIGHT,
                initial_drawing=start,
                return_image_data=True,
                key="drawing",
            )
        with st.container(horizontal=True, vertical_alignment="center"):
            asked = st.button(
                "Read :small[P]", icon=":material/search:", type="primary", key="read"
            )
            st.button(
                "Clear :small[C]", icon=":material/delete:", key="clear", on_click=clear_canvas
            )
            live = st.toggle("Read as I draw", value=True, key="live")
        with st.container(horizontal=True, vertical_alignment="top"):
            st.segmented_control("Canvas", list(CANVAS_WIDTHS), required=True, key="canvas_size")
            st.slider("Brush width (px)", 4, 40, key="brush", width=150)
    state["canvas_objects"] = canvas.json_data
    # The old drawing comes once more after it was cleared, until the browser has done so too.
    drawn = canvas.image_data if canvas.json_data != state.get("canvas_cleared") else None
    if drawn is None or asked or live:
        state["canvas_read"] = drawn
    with right:
        show_reading(recognizer, state.get("canvas_read"))


def clear_canvas() -> None:
    """Empty the canvas in its place, so that the next stroke can follow at once."""
    state = st.session_state
    state["canvas_cleared"] = state["canvas_objects"]
    state["canvas_read"] = None
    state["canvas_start"] = {"objects": [], "version": state["canvas_start"]["version"] + 1}


def show_reading(recognizer: Recognizer, image: np.ndarray | None) -> None:
    """The number, large, and each of its digits; an invitation while nothing is drawn."""
    start = time.perf_counter()
    digits = recognizer.read(image) if image is not None else []
    elapsed = time.perf_counter() - start
    with st.container(key="reading"):
        if not digits:
            st.html('<p class="invitation">Draw a digit or a whole number.</p>')
            return
        st.html(number_of(digits))
    st.caption(f"{no_digits(digits)}Read in {elapsed * 1000:.1f} ms by {recognizer.card.name}.")
    show_digits(digits, "draw", recognizer)


@st.fragment
def show_upload(recognizer: Recognizer) -> None:
    """A photo or scan, read, with the boxes drawn on it."""
    upload = st.file_uploader("A picture of digits", type=["png", "jpg", "jpeg", "webp"])
    ink = st.segmented_control(
        "Ink",
        list(INKS),
        default="auto",
        required=True,
        format_func=INKS.__getitem__,
    )
    if upload is None:
        st.caption(
            "Write with a pen on plain paper, photograph it from above, and send the picture: "
            "PNG, JPEG or WebP."
        )
        return
    show_picture(recognizer, upload.name, upload.getvalue(), ink)


routing.run(main)
