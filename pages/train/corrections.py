"""The gallery of corrections: look at them, mend them, take them along, bring some in."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from mnist_core import CorrectionsError, MnistError
from mnist_core.corrections.correction import Correction
from mnist_core.corrections.files import read_corrections, to_npz, to_zip
from mnist_core.corrections.store import Change, CorrectionStore
from mnist_core.errors import DamagedCorrectionsError
from pages.widgets.charts import enlarged
from pages.widgets.correct import LABELS, label_name, with_article
from pages.widgets.save_button import save_button

# Cards on a page of the gallery, and how large a file may be that is brought in, in MB.
PAGE, LARGEST = 24, 64
SOURCES = {
    "draw": "drawn",
    "photo": "from a picture",
    "webcam": "from the webcam",
    "import": "from a file",
}
# What to press -> how all are written, the file's ending, an icon, and what is in it.
_WAYS = {
    "Save as NPZ": (
        to_npz,
        "npz",
        "download",
        "Everything: frames, labels, what was guessed, how surely and by which model.",
    ),
    "Save as images": (
        to_zip,
        "zip",
        "folder_zip",
        "A ZIP of PNGs of 28 by 28 pixels in a folder for each label.",
    ),
}


@st.fragment
def show() -> None:
    """The gallery."""
    store = CorrectionStore()
    _show_last()
    try:
        counts = store.counts()
    except CorrectionsError as error:
        st.error(str(error))
        if isinstance(error, DamagedCorrectionsError):
            st.button(
                "Move it aside and begin anew",
                icon=":material/folder_off:",
                key="corrections_aside",
                on_click=_do,
                args=(lambda: _move_aside(store),),
            )
        return
    total = sum(counts.values())
    if not total:
        st.info(
            "**Nothing has been corrected yet.** When a digit is read wrongly on *Draw* or "
            "*Webcam*, press **Wrong?** below it and choose what it really is. Its image is kept "
            "here, and a model can be fine-tuned with it: ten of one style are enough.",
            icon=":material/school:",
        )
    else:
        _show_gallery(store, counts, total)
    _show_files(store, total)
    st.caption(
        f"Corrections are kept on the computer that this page runs on, and nowhere else: "
        f"`{store.path}`. Nothing is sent anywhere."
    )


def _show_gallery(store: CorrectionStore, counts: dict[int, int], total: int) -> None:
    state = st.session_state
    there = [label for label in LABELS if label in counts]
    # A label may have gone, with the last of its corrections.
    if state.get("corrections_label") not in there:
        state["corrections_label"] = None
    label = st.pills(
        f"{total:,} corrections" if total > 1 else "1 correction",
        there,
        format_func=lambda label: f"{label_name(label)} :small[({counts[label]:,})]",
        key="corrections_label",
        help="Choose a label to see only those; choose it again to see all.",
    )
    shown = total if label is None else counts[label]
    pages = -(-shown // PAGE)
    page = st.pagination(pages, key="corrections_page") if pages > 1 else 1
    labels = None if label is None else [label]
    found = store.find(labels, limit=PAGE, offset=PAGE * (page - 1))
    with st.container(horizontal=True, key="corrections"):
        for correction in found:
            with st.container(border=True, width=126, key=f"correction_{correction.id}"):
                _show_card(store, correction)
        # Nothing is in a place, too: without a successor cards of the page before stayed in the
        # browser now and then (Streamlit 1.67, 2 of 152 clicks on a machine that was busy).
        for _ in range(PAGE - len(found)):
            st.empty()
    with st.popover(
        "Delete all" if label is None else f"Delete all with label {label_name(label)}",
        icon=":material/delete_sweep:",
        type="tertiary",
        key="corrections_clear",
    ):
        st.write(f"{shown:,} will be deleted. You can undo it until you leave this page.")
        st.button(
            f"Delete {shown:,}",
            type="primary",
            key="corrections_clear_sure",
            on_click=_do,
            args=(lambda: _delete_all(store, labels),),
        )


def _show_card(store: CorrectionStore, correction: Correction) -> None:
    """One correction: its image, its label, and a way to mend either."""
    name = label_name(correction.label)
    st.image(enlarged(correction.frame, 3), width=84, alt=f"A correction: {name}, 28 by 28 pixels.")
    guess = "" if correction.guess is None else f"not {label_name(correction.guess)}"
    st.markdown(f"**{name}** :small[{guess}]")
    with st.popover("Change", type="tertiary", key=f"change_{correction.id}"):
        # By what was done so far: the browser would choose again, by itself, what was undone.
        chosen = f"relabel_{correction.id}_{st.session_state.get('corrections_done', 0)}"
        st.pills(
            "It is",
            [label for label in LABELS if label != correction.label],
            format_func=label_name,
            key=chosen,
            on_change=_do,
            args=(lambda: _relabel(store, correction, st.session_state[chosen]),),
        )
        st.button(
            "Delete",
            icon=":material/delete:",
            key=f"delete_{correction.id}",
            on_click=_do,
            args=(lambda: ("Deleted.", store.delete([correction.id or 0])),),
        )
        st.caption(_origin(correction))


def _origin(correction: Correction) -> str:
    """Where a correction came from, for people."""
    try:
        zone: tzinfo = ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        zone = UTC
    made = datetime.fromisoformat(correction.created).astimezone(zone)
    text = f"{SOURCES[correction.source].capitalize()}, {made:%d %B %Y, %H:%M}."
    if correction.guess is not None:
        by = f" by {correction.model}" if correction.model else ""
        sure = "" if correction.confidence is None else f", {correction.confidence:.1%}"
        text += f" Read{by} as {with_article(correction.guess)}{sure}."
    return text


def _show_files(store: CorrectionStore, total: int) -> None:
    """Take corrections along, and bring some in."""
    state = st.session_state
    # Another key empties the uploader once its file was brought in.
    upload = f"corrections_file_{state.setdefault('corrections_files', 0)}"
    with st.container(horizontal=True):
        if total:
            for label, (write, ending, icon, text) in _WAYS.items():
                save_button(
                    label,
                    lambda write=write: write(store.find(newest_first=False)),
                    f"corrections.{ending}",
                    key=f"corrections_{ending}",
                    icon=f":material/{icon}:",
                    help=text,
                )
        with st.popover("Bring in", icon=":material/upload:", key="corrections_import"):
            st.file_uploader(
                "An NPZ, or a ZIP of PNGs in folders 0 to 9",
                type=["npz", "zip"],
                key=upload,
                max_upload_size=LARGEST,
                help="As saved here or made by anyone: 28 by 28 pixels, white ink on black.",
                on_change=_do,
                args=(lambda: _bring_in(store, upload),),
            )


def _relabel(
    store: CorrectionStore, correction: Correction, label: int | None
) -> tuple[str, Change]:
    if label is None or correction.id is None:
        return "", Change()
    return f"It is {with_article(label)} now.", store.relabel([correction.id], label)


def _delete_all(store: CorrectionStore, labels: list[int] | None) -> tuple[str, Change]:
    change = store.delete(found.id for found in store.find(labels) if found.id is not None)
    return f"{len(change.before):,} deleted.", change


def _bring_in(store: CorrectionStore, upload: str) -> tuple[str, Change]:
    state = st.session_state
    file = state.get(upload)
    if file is None:
        return "", Change()
    state["corrections_files"] += 1
    found = read_corrections(file.getvalue())
    change = store.add(*found)
    text = f"{len(change.added):,} of {len(found):,} brought in"
    if change.before:
        text += f", {len(change.before):,} got another label"
    known = len(found) - len(change.added) - len(change.before)
    return text + (f"; {known:,} were here already." if known else "."), change


def _move_aside(store: CorrectionStore) -> tuple[str, Change]:
    return f"The old file is kept as `{store.move_aside()}`.", Change()


def _do(action: Callable[[], tuple[str, Change]]) -> None:
    """Do something to the store, and remember how it went and how to undo it."""
    st.session_state["corrections_done"] = st.session_state.get("corrections_done", 0) + 1
    try:
        text, change = action()
    except MnistError as error:
        st.session_state["corrections_last"] = (str(error), None)
        return
    if text:
        st.session_state["corrections_last"] = (text, change)


def _show_last() -> None:
    """What was done last, with a way back."""
    text, change = st.session_state.pop("corrections_last", ("", Change()))
    if change is None:
        st.error(text)
    elif text:
        with st.container(horizontal=True, vertical_alignment="center", key="corrections_last"):
            st.markdown(text, width="content")
            if change:
                st.button(
                    "Undo",
                    icon=":material/undo:",
                    type="tertiary",
                    key="corrections_undo",
                    on_click=_do,
                    args=(lambda: _undo(change),),
                )


def _undo(change: Change) -> tuple[str, Change]:
    CorrectionStore().undo(change)
    return "Undone.", Change()
