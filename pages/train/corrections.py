"""The gallery of corrections: browse, relabel, delete, export and import."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import partial
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from mnist_core import CorrectionsError, MnistError
from mnist_core.corrections.correction import Correction
from mnist_core.corrections.files import read_corrections, to_npz, to_zip
from mnist_core.corrections.store import Change, CorrectionStore
from mnist_core.errors import DamagedCorrectionsError
from pages.widgets import rights
from pages.widgets.charts import enlarged
from pages.widgets.correct import LABELS, label_name, with_article
from pages.widgets.rights import Action
from pages.widgets.save_button import save_button
from pages.widgets.show_errors import plain

# Corrections per page of the gallery, and the largest file to import, MB.
PAGE, LARGEST = 24, 64
SOURCES = {
    "draw": "drawn",
    "photo": "from a picture",
    "webcam": "from the webcam",
    "import": "from a file",
}
# What an action did, for the user, and how to undo it.
_Result = tuple[str, Change]


@st.fragment
def show() -> None:
    """Show the gallery."""
    store = CorrectionStore()
    _show_last_result()
    try:
        counts = store.counts()
    except CorrectionsError as error:
        st.error(plain(str(error)))
        if isinstance(error, DamagedCorrectionsError):
            st.button(
                "Move it aside and start a new file",
                icon=":material/folder_off:",
                key="corrections_aside",
                help="Keeps the damaged file under another name.",
                on_click=_run,
                args=(_move_aside,),
            )
        return
    if counts:
        _show_gallery(store, counts)
    else:
        st.info(
            "**No corrections yet.** When a digit on *Draw* or *Webcam* is read incorrectly, press "
            "**Wrong?** below it and choose the correct label. The image is stored here, and a "
            "model can be fine-tuned on it: ten of one style are enough.",
            icon=":material/school:",
        )
    with st.container(horizontal=True):
        if counts:
            _show_exports(store)
        _show_import()
    # Where files are on a server is nothing for its visitors.
    place = f", in {plain(str(store.path))}" if rights.is_local() else ""
    st.caption(
        f"Corrections are stored only on the computer that runs this app{place}. Nothing is sent "
        "anywhere."
    )


def _show_gallery(store: CorrectionStore, counts: dict[int, int]) -> None:
    state = st.session_state
    total = sum(counts.values())
    labels = [label for label in LABELS if label in counts]
    # The last correction with the chosen label may have been deleted.
    if state.get("corrections_label") not in labels:
        state["corrections_label"] = None
    label = st.pills(
        f"{total:,} corrections" if total > 1 else "1 correction",
        labels,
        format_func=lambda label: f"{label_name(label)} :small[({counts[label]:,})]",
        key="corrections_label",
        persist_state="session",
        help="Choose a label to filter; choose it again to show all.",
    )
    shown = total if label is None else counts[label]
    pages = -(-shown // PAGE)
    page = st.pagination(pages, key="corrections_page", persist_state="session") if pages > 1 else 1
    chosen = None if label is None else [label]
    corrections = store.find(chosen, limit=PAGE, offset=PAGE * (page - 1))
    with st.container(horizontal=True, key="corrections"):
        for correction in corrections:
            with st.container(border=True, width=126, key=f"correction_{correction.id}"):
                _show_card(correction)
        # Fill the page: otherwise cards of the page before sometimes stayed in the browser
        # (Streamlit 1.67, 2 of 152 clicks on a busy machine).
        for _ in range(PAGE - len(corrections)):
            st.empty()
    with st.popover(
        "Delete all" if label is None else f"Delete all with label {label_name(label)}",
        icon=":material/delete_sweep:",
        type="tertiary",
        key="corrections_clear",
        help="Asks before it deletes.",
    ):
        st.write(f"{shown:,} will be deleted. You can undo this until you leave the page.")
        st.button(
            f"Delete {shown:,}",
            key="corrections_clear_sure",
            help="You can undo this until you leave the page.",
            on_click=_run,
            args=(_delete_all, chosen),
        )


def _show_card(correction: Correction) -> None:
    """Show one correction, with the actions on it."""
    name = label_name(correction.label)
    st.image(enlarged(correction.frame, 3), width=84, alt=f"A correction: {name}, 28 by 28 pixels.")
    guess = "" if correction.guess is None else f"not {label_name(correction.guess)}"
    st.markdown(f"**{name}** :small[{guess}]")
    with st.popover(
        "Change",
        type="tertiary",
        key=f"change_{correction.id}",
        help="Choose another label, or delete the image.",
    ):
        # A new key after each action: the browser would select an undone choice again.
        key = f"relabel_{correction.id}_{st.session_state.get('corrections_done', 0)}"
        st.pills(
            "Correct label",
            [label for label in LABELS if label != correction.label],
            format_func=label_name,
            key=key,
            help="You can undo this.",
            on_change=_run,
            args=(_relabel, correction.id, key),
        )
        st.button(
            "Delete",
            icon=":material/delete:",
            key=f"delete_{correction.id}",
            help="You can undo this.",
            on_click=_run,
            args=(_delete, correction.id),
        )
        st.caption(_origin(correction))


def _origin(correction: Correction) -> str:
    """Source, local time and prediction of a correction."""
    try:
        zone: tzinfo = ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        zone = UTC
    created = datetime.fromisoformat(correction.created).astimezone(zone)
    text = f"{SOURCES[correction.source].capitalize()}, {created:%d %B %Y, %H:%M}."
    if correction.guess is not None:
        model = f" by {plain(correction.model)}" if correction.model else ""
        share = "" if correction.confidence is None else f", {correction.confidence:.1%}"
        text += f" Read{model} as {with_article(correction.guess)}{share}."
    return text


def _show_exports(store: CorrectionStore) -> None:
    def export(write: Callable[[list[Correction]], bytes]) -> bytes:
        return write(store.find(newest_first=False))

    save_button(
        "Export NPZ",
        partial(export, to_npz),
        "corrections.npz",
        key="corrections_npz",
        icon=":material/download:",
        help="Everything: images, labels, predictions, confidences and models.",
    )
    save_button(
        "Export images",
        partial(export, to_zip),
        "corrections.zip",
        key="corrections_zip",
        icon=":material/folder_zip:",
        help="A ZIP file with a folder of 28×28 PNGs for each label.",
    )


def _show_import() -> None:
    # A new key after each import empties the uploader.
    key = f"corrections_file_{st.session_state.setdefault('corrections_files', 0)}"
    with st.popover(
        "Import",
        icon=":material/upload:",
        key="corrections_import",
        help="Add corrections from a file.",
    ):
        st.file_uploader(
            "An NPZ file, or a ZIP file of PNGs in folders 0 to 9",
            key=key,
            max_upload_size=LARGEST,
            help="As exported here, or any images of 28×28 pixels, white ink on black.",
            on_change=_run,
            args=(_import, key),
        )


def _relabel(correction: int, key: str) -> _Result:
    label = st.session_state[key]
    if label is None:
        return "", Change()
    return f"Relabeled as {label_name(label)}.", CorrectionStore().relabel([correction], label)


def _delete(correction: int) -> _Result:
    return "Deleted.", CorrectionStore().delete([correction])


def _delete_all(labels: list[int] | None) -> _Result:
    store = CorrectionStore()
    change = store.delete(found.id for found in store.find(labels) if found.id is not None)
    return f"{len(change.before):,} deleted.", change


def _import(key: str) -> _Result:
    state = st.session_state
    file = state.get(key)
    if file is None:
        return "", Change()
    state["corrections_files"] += 1
    corrections = read_corrections(file.getvalue())
    change = CorrectionStore().add(*corrections)
    text = f"{len(change.added):,} of {len(corrections):,} imported"
    if change.before:
        text += f", {len(change.before):,} relabeled"
    known = len(corrections) - len(change.added) - len(change.before)
    return text + (f", {known:,} unchanged." if known else "."), change


def _move_aside() -> _Result:
    return f"The old file is now `{CorrectionStore().move_aside()}`.", Change()


def _undo(change: Change) -> _Result:
    CorrectionStore().undo(change)
    return "Undone.", Change()


def _run(action: Callable[..., _Result], *arguments: object) -> None:
    """Run an action on the store and remember its result, or its error, for the next display."""
    state = st.session_state
    state["corrections_done"] = state.get("corrections_done", 0) + 1
    try:
        rights.check(Action.CORRECT)
        text, change = action(*arguments)
    except MnistError as error:
        state["corrections_last"] = (str(error), None)
    else:
        if text:
            state["corrections_last"] = (text, change)


def _show_last_result() -> None:
    text, change = st.session_state.pop("corrections_last", ("", Change()))
    if change is None:
        st.error(plain(text))
    elif text:
        with st.container(horizontal=True, vertical_alignment="center", key="corrections_last"):
            st.markdown(text, width="content")
            if change:
                st.button(
                    "Undo",
                    icon=":material/undo:",
                    type="tertiary",
                    key="corrections_undo",
                    help="Undo the last action.",
                    on_click=_run,
                    args=(_undo, change),
                )
