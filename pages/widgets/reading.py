"""What was read, shown the same way wherever it was read."""

import time

import streamlit as st

from mnist_core import Digit, MnistError, Recognizer, load_image
from mnist_core.charts.probabilities import probability_bars
from mnist_core.inference.annotation import draw_boxes
from mnist_core.preprocessing.ink import Ink
from pages.widgets import correct, explain
from pages.widgets.charts import enlarged

# More digits than this are listed without their charts: a browser draws some tens at once.
CHARTS = 20
# The second answer is worth a word from this probability on.
RUNNER_UP = 0.1
INKS = {"auto": "automatic", "dark": "dark on light", "light": "light on dark"}

STYLE = """
<style>
.stMainBlockContainer { padding-top: 3.5rem; }
@media (max-width: 640px) { .stMainBlockContainer h1 { font-size: 2rem; } }
.st-key-reading p, .st-key-live_reading p { font-size: clamp(3.5rem, 9vw, 6.5rem);
  font-weight: 700; line-height: 1.1; letter-spacing: .06em; margin: 0; overflow-wrap: anywhere;
  font-variant-numeric: tabular-nums; }
.st-key-reading .invitation, .st-key-live_reading .invitation { font-size: 1.6rem;
  font-weight: 400; letter-spacing: 0; opacity: .6; padding: 1rem 0; }
/* What is no digit steps back, and can still be read: 4.5 to 1 and more, light and dark. */
.st-key-reading .no_digit, .st-key-photo_reading .no_digit { opacity: .65; font-weight: 400; }
.st-key-reading p.no_digit, .st-key-photo_reading p.no_digit { font-size: 2.5rem;
  letter-spacing: 0; padding: 1rem 0; }
.st-key-photo_reading p { font-size: clamp(2.5rem, 6vw, 4rem); font-weight: 700; line-height: 1.1;
  letter-spacing: .06em; margin: 0; overflow-wrap: anywhere; }
</style>
"""


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


def show_digits(digits: list[Digit], source: str, recognizer: Recognizer) -> None:
    """For each digit: how sure, what the network saw, the ten probabilities, why; a way to object.

    Args:
        digits: what was read.
        source: "draw" or "photo".
        recognizer: what read them.
    """
    with st.container(horizontal=True):
        for place, digit in enumerate(digits[:CHARTS]):
            with st.container(border=True, width=190):
                show_digit(digit, key=f"{source}_{place}")
                with st.container(horizontal=True):
                    _offer_why(recognizer, digit, key=f"{source}_{place}")
                    correct.offer(digit, recognizer.card, source, key=f"{source}_{place}")
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
            enlarged(digit.frame, 3),
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


def _offer_why(recognizer: Recognizer, digit: Digit, key: str) -> None:
    """Why it was read so, worked out only when someone asks."""
    if st.button("Why?", key=f"{key}_why", type="tertiary", icon=":material/help:"):
        _explain(recognizer, digit, key)


# A window of its own: on a phone a card has no room for it.
@st.dialog("Why?", width="medium")
def _explain(recognizer: Recognizer, digit: Digit, key: str) -> None:
    explain.show(recognizer, digit, key)


def show_picture(recognizer: Recognizer, name: str, content: bytes, ink: Ink) -> None:
    """A photo, scan or snapshot, read, with the boxes drawn on it."""
    try:
        image = load_image(content)
        start = time.perf_counter()
        digits = recognizer.read(image, ink)
        elapsed = time.perf_counter() - start
    except MnistError as error:
        st.error(f"**{name}** · {error}")
        return
    with st.container(key="photo_reading"):
        st.html(number_of(digits))
    st.caption(f"{no_digits(digits)}Read in {elapsed * 1000:.0f} ms by {recognizer.card.name}.")
    alt = f"{name}, with the digits that were found."
    if any(not digit.is_digit for digit in digits):
        alt += " A grey box with a “?” is around what is not a digit, its best guess beside it."
    st.image(draw_boxes(image, digits), alt=alt)
    show_digits(digits, "photo", recognizer)
