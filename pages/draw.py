"""Draw a digit or a whole number, or send a picture of one, and see how it is read."""

import time

import cv2
import numpy as np
import streamlit as st
from streamlit_drawable_canvas import st_canvas

from mnist_core import Digit, MnistError, Recognizer, load_image
from mnist_core.charts import probability_bars
from mnist_core.overlay import draw_boxes
from pages import client, model_picker

CANVAS_HEIGHT = 280
CANVAS_WIDTHS = {"One digit": 280, "A number": 560}
BRUSH = 18
# More digits than this are listed without their charts: a browser draws some tens at once.
CHARTS = 20
# The second answer is worth a word from this probability on.
RUNNER_UP = 0.1

STYLE = """
<style>
.stMainBlockContainer { padding-top: 3.5rem; }
@media (max-width: 640px) { .stMainBlockContainer h1 { font-size: 2rem; } }
.st-key-reading p { font-size: clamp(3.5rem, 9vw, 6.5rem); font-weight: 700; line-height: 1.1;
  letter-spacing: .06em; margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.st-key-reading .invitation { font-size: 1.6rem; font-weight: 400; letter-spacing: 0; opacity: .6;
  padding: 1rem 0; }
/* What is no digit steps back, and can still be read: 4.5 to 1 and more, light and dark. */
.st-key-reading .no_digit, .st-key-photo_reading .no_digit { opacity: .65; font-weight: 400; }
.st-key-reading p.no_digit, .st-key-photo_reading p.no_digit { font-size: 2.5rem;
  letter-spacing: 0; padding: 1rem 0; }
.st-key-photo_reading p { font-size: clamp(2.5rem, 6vw, 4rem); font-weight: 700; line-height: 1.1;
  letter-spacing: .06em; margin: 0; overflow-wrap: anywhere; }
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
    st.html(STYLE)
    st.title("Draw a digit")
    try:
        recognizer = model_picker.recognizer()
    except MnistError as error:
        st.error(str(error))
        return
    drawing, photo = st.tabs([":material/draw: Draw", ":material/photo_camera: Photo or scan"])
    with drawing:
        show_canvas(recognizer)
        client.assist({"p": "read", "c": "clear"})
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
    show_digits(digits, "drawn")


def number_of(digits: list[Digit]) -> str:
    """The digits in reading order, as HTML; a "?" stands in the place of what is none."""
    if not digits:
        return '<p class="no_digit">No digit found</p>'
    if not any(digit.is_digit for digit in digits):
        return f'<p class="no_digit">{"Not a digit" if len(digits) == 1 else "Not digits"}</p>'
    unknown = '<span class="no_digit" role="img" aria-label="not a digit">?</span>'
    return f"<p>{''.join(digit.text if digit.is_digit else unknown for digit in digits)}</p>"


def no_digits(digits: list[Digit]) -> str:
    """The small print about what is not a digit, as Markdown; empty where all are digits."""
    guesses = [digit.guess for digit in digits if not digit.is_digit]
    if not guesses:
        return ""
    if len(digits) == 1:
        return f"It {guesses[0]}.  \n"
    if len(guesses) == 1:
        return f"The “?” is not a digit: it {guesses[0]}.  \n"
    return f"{len(guesses)} of {len(digits)} are not digits; their best guesses are below.  \n"


def show_digits(digits: list[Digit], name: str) -> None:
    """For each digit: how sure, what the network saw, and the ten probabilities."""
    with st.container(horizontal=True):
        for place, digit in enumerate(digits[:CHARTS]):
            with st.container(border=True, width=190):
                show_digit(digit, key=f"{name}_{place}")
    if len(digits) > CHARTS:
        st.caption(f"The first {CHARTS} of {len(digits)} digits are shown one by one.")


def show_digit(digit: Digit, key: str) -> None:
    """One digit's card; the key tells it from that of a digit which was read just alike."""
    title, note, shown = f"{digit.label}", "", f"The digit {digit.label}"
    if not digit.is_digit:
        title, note, shown = "Not a digit", f"{digit.label}? {digit.confidence:.1%}", "Not a digit,"
    elif digit.probabilities[digit.runner_up] >= RUNNER_UP:
        note = f"or {digit.runner_up}: {digit.probabilities[digit.runner_up]:.1%}"
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        # Enlarged here, without smoothing: every pixel that the network saw is to be seen.
        st.image(
            cv2.resize(digit.frame, None, fx=3, fy=3, interpolation=cv2.INTER_NEAREST),
            width=84,
            alt=f"{shown} as the network saw it, 28 by 28 pixels.",
        )
        sure = f" &nbsp; {digit.confidence:.1%}" if digit.is_digit else ""
        st.markdown(f"**{title}**{sure}  \n:small[{note}]")
    st.plotly_chart(
        probability_bars(digit.probabilities),
        key=key,
        config={"displayModeBar": False},
        alt=f"Probabilities of the ten digits; {digit.label} has {digit.confidence:.1%}.",
    )


@st.fragment
def show_upload(recognizer: Recognizer) -> None:
    """A photo or scan, read, with the boxes drawn on it."""
    upload = st.file_uploader("A picture of digits", type=["png", "jpg", "jpeg", "webp"])
    ink = st.segmented_control(
        "Ink",
        ["auto", "dark", "light"],
        default="auto",
        required=True,
        format_func={
            "auto": "automatic",
            "dark": "dark on light",
            "light": "light on dark",
        }.__getitem__,
    )
    if upload is None:
        st.caption(
            "Write with a pen on plain paper, photograph it from above, and send the picture: "
            "PNG, JPEG or WebP."
        )
        return
    try:
        image = load_image(upload.getvalue())
        start = time.perf_counter()
        digits = recognizer.read(image, ink)
        elapsed = time.perf_counter() - start
    except MnistError as error:
        st.error(f"**{upload.name}** · {error}")
        return
    with st.container(key="photo_reading"):
        st.html(number_of(digits))
    st.caption(f"{no_digits(digits)}Read in {elapsed * 1000:.0f} ms by {recognizer.card.name}.")
    alt = f"{upload.name}, with the digits that were found."
    if any(not digit.is_digit for digit in digits):
        alt += " A grey box with a “?” is around what is not a digit, its best guess beside it."
    st.image(draw_boxes(image, digits), alt=alt)
    show_digits(digits, "photo")


main()
