"""The Draw page: draw digits or upload a picture of them, and see how they are read."""

from typing import Any

import numpy as np
import streamlit as st
from streamlit_drawable_canvas import st_canvas

from mnist_core import InvalidImageError, Recognizer, load_image
from pages.widgets import browser, live_strokes, model_picker, reading, routing, uploads
from pages.widgets.announce import announce
from pages.widgets.appearance import show_title
from pages.widgets.show_errors import show_errors

CANVAS_HEIGHT = 280
CANVAS_WIDTHS = {"One digit": 280, "A number": 560}
BRUSH = 18

STYLE = """
<style>
/* Beside the canvas only where cards have room. The item of the row wraps the container. */
div:has(> .st-key-draw_result) { flex: 1 1 400px; min-width: min(400px, 100%); }
/* Room for the canvas's own toolbar, which floats above it. */
.st-key-canvas { padding-top: 2rem; touch-action: none; }
</style>
"""
# A canvas wider than a phone is scaled down there, and can still be drawn on.
PHONE_STYLE = (
    "<style>@media (max-width: 640px) {{ .st-key-canvas {{ zoom: {zoom:.2f}; }} }}</style>"
)
PHONE_CANVAS = 346


def main() -> None:
    """Show the page."""
    st.html(reading.STYLE + STYLE)
    heading = st.container()
    with show_errors():
        recognizer = model_picker.recognizer()
        drawing, photo = st.tabs(["Draw", "Photo or scan"], key="input", bind="query-params")
        with heading:
            show_title("Read a picture" if photo.open else "Draw a digit")
        with drawing:
            show_canvas(recognizer)
            browser.handle_input({"p": "read", "z": "remove_stroke", "c": "clear"})
        if photo.open:
            with photo:
                show_upload(recognizer)


@st.fragment
def show_canvas(recognizer: Recognizer) -> None:
    """Show the canvas and its reading. A stroke reruns only this part of the page."""
    with show_errors():
        show_drawing_and_reading(recognizer)


def show_drawing_and_reading(recognizer: Recognizer) -> None:
    """Show the canvas, its controls, and the reading."""
    state = st.session_state
    # The control is below the canvas, but its value is needed here.
    width = CANVAS_WIDTHS[state.setdefault("canvas_size", next(iter(CANVAS_WIDTHS)))]
    st.html(PHONE_STYLE.format(zoom=min(1, PHONE_CANVAS / width)))
    # Side by side where both fit, else stacked. The elements are the same for both widths of the
    # canvas, so a drawing survives the change.
    with st.container(horizontal=True, gap="medium", key="draw"):
        left = st.container(width=width + 80, key="draw_canvas")
        right = st.container(key="draw_result")
    with left:
        brush = state.setdefault("brush", BRUSH)
        # The canvas's initial content; a new value replaces the drawing.
        start = state.setdefault("canvas_start", {"objects": [], "version": 0})
        if "drawing" not in state:
            # The canvas is new: Streamlit forgets what was drawn when another page is opened.
            start = replace_drawing(strokes())
        with st.container(key="canvas"):
            drawing, image = show_drawing(width, brush, start)
        read_now, live = show_buttons()
        show_canvas_settings()
    state["canvas_objects"] = drawing
    cleared = drawing == state.get("canvas_cleared")
    if image is None:
        pass  # The browser has sent nothing since the canvas is shown: the last reading stays.
    elif cleared:
        # After clearing, the old drawing arrives once more before the browser has cleared it too.
        state["canvas_read"] = None
    elif read_now or live:
        state["canvas_read"] = image
    drawn = state.get("strokes_removed", 0) + (0 if cleared else len(strokes()))
    with right:
        said = show_reading(recognizer, state.get("canvas_read"), drawn)
        live_strokes.show(
            said,
            model=recognizer.card.name,
            drawn=drawn,
            live=live,
            most=reading.MAX_CARDS,
        )


def show_buttons() -> tuple[bool, bool]:
    """Show the buttons; return whether to read now, and whether to read with every stroke."""
    with st.container(horizontal=True, vertical_alignment="center"):
        read_now = st.button(
            browser.label_with_key("Read", "P"),
            icon=":material/search:",
            type="primary",
            key="read",
            help="Read the drawing. Key: P",
        )
        st.button(
            browser.label_with_key("Undo", "Z"),
            icon=":material/undo:",
            key="remove_stroke",
            on_click=undo_stroke,
            help="Remove the last stroke. Key: Z",
        )
        st.button(
            browser.label_with_key("Clear", "C"),
            icon=":material/delete:",
            key="clear",
            on_click=clear_canvas,
            help="Remove the whole drawing. Key: C",
        )
        live = st.toggle(
            "Read as I draw",
            value=True,
            key="live",
            persist_state="session",
            help="Read while the pen moves and after every stroke; otherwise only with *Read*.",
        )
    return read_now, live


def show_canvas_settings() -> None:
    """Show the size of the canvas and of the brush; the next run of the page applies them."""
    with st.container(horizontal=True, vertical_alignment="top"):
        st.segmented_control(
            "Canvas",
            list(CANVAS_WIDTHS),
            required=True,
            key="canvas_size",
            persist_state="session",
            help="The drawing is kept; the wide canvas has room for a number.",
        )
        st.slider(
            "Brush width (px)",
            4,
            40,
            key="brush",
            persist_state="session",
            width=170,
            help="Width of the next strokes.",
        )


def show_drawing(width: int, brush: int, start: dict[str, Any]) -> tuple[Any, np.ndarray | None]:
    """Show the canvas; return the strokes, and the image if the browser has sent one.

    Raises:
        InvalidImageError: a program in the browser's place sent something else.
    """
    try:
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
        content = canvas.image_bytes
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidImageError(
            f"The browser sent no drawing. Reload the page. Received: {type(error).__name__}"
        ) from error
    return canvas.json_data, None if content is None else load_image(content)


def clear_canvas() -> None:
    """Clear the canvas without recreating it, so that the next stroke can follow at once."""
    state = st.session_state
    state["canvas_cleared"] = state["canvas_objects"]
    state["canvas_read"] = None
    replace_drawing([])


def undo_stroke() -> None:
    """Remove the last stroke, also one from before another page was opened.

    The canvas's own undo knows only the strokes since it was shown.
    """
    replace_drawing(strokes()[:-1])


def strokes() -> list[dict[str, Any]]:
    """The strokes on the canvas, in the canvas's own format."""
    objects = (st.session_state.get("canvas_objects") or {}).get("objects")
    return list(objects) if isinstance(objects, list) else []


def replace_drawing(objects: list[dict[str, Any]]) -> dict[str, Any]:
    """Let the canvas show these strokes; returns its new initial content."""
    state = st.session_state
    removed = len(strokes()) - len(objects)
    state["strokes_removed"] = state.get("strokes_removed", 0) + removed
    version = state["canvas_start"]["version"] + 1
    state["canvas_start"] = {"objects": objects, "version": version}
    return state["canvas_start"]


def show_reading(recognizer: Recognizer, image: np.ndarray | None, drawn: int) -> str:
    """Show the number in large type and a card for each digit, or a hint on an empty canvas.

    Args:
        recognizer: the model that reads.
        image: what is on the canvas, or None.
        drawn: the number of strokes drawn so far, also those removed since.

    Returns:
        The number as text; "" for none.
    """
    result, caption = reading.read(recognizer, image) if image is not None else (None, "")
    empty = result is None or not (result.digits or result.note)
    with st.container(key="reading"):
        if result is None or empty:
            number = '<p class="invitation">Draw a digit or a number.</p>'
        else:
            number = reading.number_html(result.digits)
        st.html(live_strokes.cover(number, drawn))
    # A container of its own, so that what follows stays the same element in the browser.
    with st.container(key="draw_final"):
        if result is None or empty:
            return ""
        st.caption(caption)
        reading.show_digits(result.digits, "draw", recognizer)
    return result.text or "No digit found"


@st.fragment
def show_upload(recognizer: Recognizer) -> None:
    """Show the upload of a photo or scan, and its reading."""
    picture = uploads.choose_picture("Picture of digits", key="photo")
    ink = reading.ink_control(key="photo_ink")
    number = ""
    if picture is None:
        st.caption("Write with a pen on plain paper and photograph it from above.")
    else:
        number = reading.show_picture(recognizer, picture, ink)
    announce(number, key="photo_said")


routing.run(main)
