"""Shows what was read, in the same way on all pages."""

import time
from collections.abc import Sequence

import numpy as np
import streamlit as st

from mnist_core import Digit, MnistError, Reading, Recognizer, load_image
from mnist_core.charts.captions.evaluation import describe_probabilities_of_several
from mnist_core.charts.probabilities import probability_bars
from mnist_core.errors import InvalidImageError
from mnist_core.inference.annotation import draw_boxes
from mnist_core.preprocessing.grey import Ink
from pages.widgets import correct, explain
from pages.widgets.charts import enlarged, show_caption
from pages.widgets.show_errors import plain
from pages.widgets.uploads import Picture

# Digits beyond this number get no card: a browser is slow with more charts.
MAX_CARDS = 20
# The runner-up is shown from this probability on.
RUNNER_UP = 0.1
INKS: dict[Ink, str] = {"auto": "Automatic", "dark": "Dark on light", "light": "Light on dark"}

STYLE = """
<style>
/* What is said to screen readers takes no room, and is nothing to scroll. */
[class*="_said"] { overflow: hidden !important; }
.st-key-reading p, .st-key-live_reading p, .st-key-photo_reading p { font-weight: 700;
  line-height: 1.1; letter-spacing: .06em; margin: 0; overflow-wrap: anywhere; }
.st-key-reading p, .st-key-live_reading p { font-size: clamp(3.5rem, 9vw, 6.5rem);
  font-variant-numeric: tabular-nums; }
.st-key-photo_reading p { font-size: clamp(2.5rem, 6vw, 4rem); }
.st-key-reading .invitation, .st-key-live_reading .invitation { font-size: 1.6rem;
  font-weight: 400; letter-spacing: 0; opacity: .6; padding: 1rem 0; }
/* Non-digits are less prominent, with a contrast of at least 4.5 to 1 in both themes. */
.st-key-reading .non_digit, .st-key-photo_reading .non_digit { opacity: .65; font-weight: 400; }
.st-key-reading p.non_digit, .st-key-photo_reading p.non_digit { font-size: 2.5rem;
  letter-spacing: 0; padding: 1rem 0; }
</style>
"""


def number_html(digits: Sequence[Digit]) -> str:
    """The digits in reading order as HTML, with a "?" for each non-digit."""
    if not digits:
        return '<p class="non_digit">No digit found</p>'
    if not any(digit.is_digit for digit in digits):
        return f'<p class="non_digit">{"Not a digit" if len(digits) == 1 else "Not digits"}</p>'
    unknown = '<span class="non_digit" role="img" aria-label="not a digit">?</span>'
    return f"<p>{''.join(digit.text if digit.is_digit else unknown for digit in digits)}</p>"


def _non_digit_note(digits: Sequence[Digit]) -> str:
    """A note on the non-digits as Markdown; empty if there are none."""
    guesses = [digit.guess for digit in digits if not digit.is_digit]
    if not guesses:
        return ""
    if len(digits) == 1:
        return f"It {guesses[0]}.  \n"
    if len(guesses) == 1:
        return f"The “?” is not a digit: it {guesses[0]}.  \n"
    return f"{len(guesses)} of {len(digits)} are not digits; their best guesses are below.  \n"


def read(recognizer: Recognizer, image: np.ndarray, ink: Ink = "auto") -> tuple[Reading, str]:
    """Read an image; return the reading and a caption: notes, the time and the model."""
    start = time.perf_counter()
    result = recognizer.analyze(image, ink)
    elapsed = time.perf_counter() - start
    notes = (result.remark.replace("*", "\\*"), result.note)
    note = _non_digit_note(result.digits) + "".join(f"{text}  \n" for text in notes if text)
    return result, f"{note}Read in {elapsed * 1000:.1f} ms by {recognizer.card.name}."


def ink_control(key: str) -> Ink:
    """Show the choice of the ink's polarity; return the chosen one."""
    return st.segmented_control(
        "Ink",
        list(INKS),
        default="auto",
        required=True,
        format_func=INKS.__getitem__,
        key=key,
        persist_state="session",
        help="Whether the ink is darker or lighter than the paper. *Automatic* tries both.",
    )


def show_digits(digits: Sequence[Digit], source: str, recognizer: Recognizer) -> None:
    """Show a card for each digit; the source is "draw" or "photo"."""
    with st.container(horizontal=True):
        for place, digit in enumerate(digits[:MAX_CARDS]):
            key = f"{source}_{place}"
            with st.container(border=True, width=190):
                _show_digit(digit, key)
                with st.container(horizontal=True):
                    if st.button(
                        "Why?",
                        key=f"{key}_why",
                        type="tertiary",
                        icon=":material/help:",
                        help="Show which pixels count.",
                    ):
                        _show_explanation(recognizer, digit, key)
                    correct.show(digit, recognizer.card, source, key)
    if digits:
        probabilities = np.stack([digit.probabilities for digit in digits[:MAX_CARDS]])
        show_caption(describe_probabilities_of_several(probabilities))
    if len(digits) > MAX_CARDS:
        st.caption(f"Showing the first {MAX_CARDS} of {len(digits)} digits.")


def _show_digit(digit: Digit, key: str) -> None:
    title, note, subject = f"{digit.label}", "", f"The digit {digit.label}"
    if not digit.is_digit:
        title, note = "Not a digit", f"{digit.label}? {digit.confidence:.1%}"
        subject = "Not a digit,"
    elif digit.probabilities[digit.runner_up] >= RUNNER_UP:
        note = f"or {digit.runner_up}: {digit.probabilities[digit.runner_up]:.1%}"
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        st.image(
            enlarged(digit.frame, 3),
            width=84,
            alt=f"{subject} as the network saw it, 28 by 28 pixels.",
        )
        confidence = f" &nbsp; {digit.confidence:.1%}" if digit.is_digit else ""
        small = [text for text in (note, digit.remark) if text] or [""]
        st.markdown(f"**{title}**{confidence}" + "".join(f"  \n:small[{text}]" for text in small))
    st.plotly_chart(
        probability_bars(digit.probabilities),
        key=key,
        config={"displayModeBar": False},
        alt=f"Probabilities of the ten digits; {digit.label} has {digit.confidence:.1%}.",
    )


# A dialog, since a card on a phone has no room for it.
@st.dialog("Why?", width="medium")
def _show_explanation(recognizer: Recognizer, digit: Digit, key: str) -> None:
    explain.show(recognizer, digit.frame, key)


def show_picture(recognizer: Recognizer, picture: Picture, ink: Ink) -> str:
    """Read a photo, scan or snapshot, and show it with a box around each digit.

    Returns:
        The number as text; "" if the picture cannot be read.
    """
    name = picture.name
    try:
        if picture.problem:
            raise InvalidImageError(picture.problem)
        image = load_image(picture.content)
        result, caption = read(recognizer, image, ink)
    except MnistError as error:
        st.error(plain(f"{name}: {error}"))
        return ""
    with st.container(key="photo_reading"):
        st.html(number_html(result.digits))
    st.caption(caption)
    alt = f"{name}, with the digits that were found."
    if any(not digit.is_digit for digit in result.digits):
        alt += " Non-digits have a grey box with a “?” and their best guess."
    if result.remark:
        alt += " An asterisk marks a digit that is written in an unusual way."
    if result.noted:
        alt += " What was left out has a thin grey box."
    st.image(draw_boxes(image, result.digits, result.noted), alt=alt)
    show_digits(result.digits, "photo", recognizer)
    return result.text or "No digit found"
