"""Wrong? The right answer is one click away, and the frame is kept with it to be learnt from.

What a visitor corrected is remembered by its frame: the same drawing, read again, still says that
it was kept, and is not kept twice.
"""

import hashlib
from collections.abc import Sequence

import streamlit as st

from mnist_core import Digit, MnistError, ModelCard
from mnist_core.corrections.correction import Correction
from mnist_core.corrections.store import Change, CorrectionStore
from mnist_core.data import NOT_A_DIGIT
from mnist_core.webcam.session import LiveReader
from pages.widgets.charts import enlarged

# Corrections that a visitor's session remembers, and digits of a number that are offered at once.
REMEMBERED, OFFERED = 200, 8
LABELS = (*range(10), NOT_A_DIGIT)


def label_name(label: int) -> str:
    """A label for people."""
    return "no digit" if label == NOT_A_DIGIT else str(label)


def with_article(label: int) -> str:
    """The same, in a sentence."""
    return label_name(label) if label == NOT_A_DIGIT else f"{'an' if label == 8 else 'a'} {label}"


def offer(digit: Digit, model: ModelCard, source: str, key: str) -> None:
    """Below a digit that was read: "Wrong?", or that it was kept.

    Args:
        digit: what was read.
        model: what read it.
        source: where it came from, one of `SOURCES`.
        key: tells its widgets from those of a digit that was read just alike.
    """
    if not _show_kept(digit, key):
        with st.popover("Wrong?", type="tertiary", key=f"wrong_{key}_{_mark(digit)}"):
            _show_choice(digit, model, source, key)


@st.fragment
def offer_live(live: LiveReader) -> None:
    """Beside a video: the digits as they are when "Wrong?" is pressed stay to be corrected."""
    state = st.session_state

    def hold() -> None:
        result = live.state.result
        # The video goes on: what is corrected is what was there at this moment.
        state["live_held"] = result.digits[:OFFERED] if result else []
        state["live_held_by"] = live.recognizer.card

    wrong = st.popover("Wrong?", icon=":material/edit:", key="live_wrong", on_change=hold)
    if not wrong.open:
        return
    with wrong:
        digits: Sequence[Digit] = state.get("live_held", [])
        if not digits:
            st.write("No digit was in the box. Hold one into it, and press again.")
        for place, digit in enumerate(digits):
            with st.container(horizontal=True, vertical_alignment="center", wrap=False):
                read_as = digit.label if digit.is_digit else NOT_A_DIGIT
                st.image(
                    enlarged(digit.frame, 3), width=84, alt=f"Read as {with_article(read_as)}."
                )
                with st.container():
                    if not _show_kept(digit, f"live_{place}"):
                        _show_choice(digit, state["live_held_by"], "webcam", f"live_{place}")


def _show_choice(digit: Digit, model: ModelCard, source: str, key: str) -> None:
    state = st.session_state
    read_as = digit.label if digit.is_digit else NOT_A_DIGIT
    # By its frame: the next drawing in this place begins with nothing chosen. And by what was
    # undone so far: the browser would choose again, by itself, what was chosen before.
    chosen = f"right_{key}_{_mark(digit)}_{state.get('undone', 0)}"

    def keep() -> None:
        label = state.get(chosen)
        if label is None:
            return
        correction = Correction(
            frame=digit.frame,
            label=label,
            guess=read_as,
            confidence=digit.confidence,
            model=model.name,
            model_sha256=model.digest,
            source=source,
        )
        try:
            change = CorrectionStore().add(correction)
        except MnistError as error:
            state["keeping_failed"] = (_mark(digit), str(error))
            return
        state.pop("keeping_failed", None)
        kept: dict[str, tuple[int, Change]] = state.setdefault("kept", {})
        kept[_mark(digit)] = (label, change)
        while len(kept) > REMEMBERED:
            kept.pop(next(iter(kept)))

    st.pills(
        f"Read as {with_article(read_as)}. It is",
        [label for label in LABELS if label != read_as],
        format_func=label_name,
        key=chosen,
        on_change=keep,
    )
    failed, reason = state.get("keeping_failed", ("", ""))
    if failed == _mark(digit):
        st.error(reason)
    st.caption("The image is kept on this computer, for training. See *Train and evaluate*.")


def _show_kept(digit: Digit, key: str) -> bool:
    """That a digit was kept, with a way back; False if it was not."""
    state = st.session_state
    mark = _mark(digit)
    if mark not in state.get("kept", {}):
        return False
    label, change = state["kept"][mark]

    def undo() -> None:
        try:
            CorrectionStore().undo(change)
        except MnistError as error:
            state["keeping_failed"] = (mark, str(error))
            return
        state.pop("keeping_failed", None)
        del state["kept"][mark]
        state["undone"] = state.get("undone", 0) + 1

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":small[Thanks! Kept as **{label_name(label)}**.]", width="content")
        st.button("Undo", type="tertiary", key=f"undo_{key}_{mark}", on_click=undo)
    failed, reason = state.get("keeping_failed", ("", ""))
    if failed == mark:
        st.error(reason)
    return True


def _mark(digit: Digit) -> str:
    """A short name for a digit's frame."""
    return hashlib.sha256(digit.frame.tobytes()).hexdigest()[:16]
