"""Corrects a reading with one click; the frame and its label are saved as training data.

A session remembers its corrections by frame: the same drawing, read again, shows that it was
corrected and cannot be saved twice.
"""

import hashlib

import streamlit as st

from mnist_core import Digit, MnistError, ModelCard
from mnist_core.corrections.correction import Correction
from mnist_core.corrections.store import CorrectionStore
from mnist_core.data import NOT_A_DIGIT
from mnist_core.webcam.session import LiveReader
from pages.widgets import rights
from pages.widgets.charts import enlarged
from pages.widgets.rights import Action
from pages.widgets.show_errors import plain

# The most digits of a video frame that are offered for correction.
MAX_DIGITS = 8
LABELS = (*range(10), NOT_A_DIGIT)


def label_name(label: int) -> str:
    """A label in words."""
    return "non-digit" if label == NOT_A_DIGIT else str(label)


def with_article(label: int) -> str:
    """A label with its indefinite article."""
    return f"{'an' if label == 8 else 'a'} {label_name(label)}"


def show(digit: Digit, model: ModelCard, source: str, key: str) -> None:
    """Show "Wrong?" below a digit, or that it was corrected.

    The source is one of `SOURCES`. The key distinguishes the widgets of identical digits.
    """
    if not _show_corrected(digit, key):
        reason = rights.refusal(Action.CORRECT)
        with st.popover(
            "Wrong?",
            type="tertiary",
            key=f"wrong_{key}_{_digest(digit)}",
            disabled=bool(reason),
            help=reason or "Label the digit correctly, to train on it later.",
        ):
            _show_choice(digit, model, source, key)


@st.fragment
def show_live(live: LiveReader) -> None:
    """Show "Wrong?" beside a video, for the digits at the moment when it is pressed."""
    state = st.session_state

    def freeze() -> None:
        result = live.state.result
        digits = result.digits[:MAX_DIGITS] if result else []
        state["live_digits"] = (live.recognizer.card, digits)

    reason = rights.refusal(Action.CORRECT)
    popover = st.popover(
        "Wrong?",
        icon=":material/edit:",
        key="live_wrong",
        on_change=freeze,
        disabled=bool(reason),
        help=reason or "Label the digits in the box correctly, to train on them later.",
    )
    if not popover.open:
        return
    with popover:
        card, digits = state.get("live_digits", (None, []))
        if not digits:
            st.write("There was no digit in the box. Hold one inside it and press again.")
        for place, digit in enumerate(digits):
            with st.container(horizontal=True, vertical_alignment="center", wrap=False):
                alt = f"Read as {with_article(_prediction(digit))}."
                st.image(enlarged(digit.frame, 3), width=84, alt=alt)
                with st.container():
                    if not _show_corrected(digit, f"live_{place}"):
                        _show_choice(digit, card, "webcam", f"live_{place}")


def _show_choice(digit: Digit, model: ModelCard, source: str, key: str) -> None:
    state = st.session_state
    digest, prediction = _digest(digit), _prediction(digit)
    # The key contains the frame, so that the next drawing in this place begins without a choice,
    # and the number of undone corrections, since the browser would restore an undone choice.
    choice = f"right_{key}_{digest}_{state.get('undo_count', 0)}"

    def save() -> None:
        label = state.get(choice)
        if label is None:
            return
        correction = Correction(
            frame=digit.frame,
            label=label,
            guess=prediction,
            confidence=digit.confidence,
            model=model.name,
            model_sha256=model.digest,
            source=source,
        )
        try:
            rights.check(Action.CORRECT)
            change = CorrectionStore().add(correction)
        except MnistError as error:
            state["correction_error"] = (digest, str(error))
            return
        state.pop("correction_error", None)
        state.setdefault("corrected", {})[digest] = (label, change)

    st.pills(
        f"Read as {with_article(prediction)}. Correct answer:",
        [label for label in LABELS if label != prediction],
        format_func=label_name,
        key=choice,
        on_change=save,
        help="Saves the image with this label. You can undo it.",
    )
    _show_error(digest)
    st.caption(
        "The image is stored for training on the computer that runs this app. "
        "See *Train and evaluate*."
    )


def _show_corrected(digit: Digit, key: str) -> bool:
    """Show that a digit was corrected, with an undo button; return False if it was not."""
    state = st.session_state
    digest = _digest(digit)
    if digest not in state.get("corrected", {}):
        return False
    label, change = state["corrected"][digest]

    def undo() -> None:
        try:
            rights.check(Action.CORRECT)
            CorrectionStore().undo(change)
        except MnistError as error:
            state["correction_error"] = (digest, str(error))
            return
        state.pop("correction_error", None)
        del state["corrected"][digest]
        state["undo_count"] = state.get("undo_count", 0) + 1

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":small[Saved as **{label_name(label)}**.]", width="content")
        st.button(
            "Undo",
            type="tertiary",
            key=f"undo_{key}_{digest}",
            on_click=undo,
            help="Remove the saved correction.",
        )
    _show_error(digest)
    return True


def _show_error(digest: str) -> None:
    failed, reason = st.session_state.get("correction_error", ("", ""))
    if failed == digest:
        st.error(plain(reason))


def _prediction(digit: Digit) -> int:
    return digit.label if digit.is_digit else NOT_A_DIGIT


def _digest(digit: Digit) -> str:
    return hashlib.sha256(digit.frame.tobytes()).hexdigest()[:16]
