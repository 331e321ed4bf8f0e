"""Files that a visitor uploads. They stay while other pages are open, and use little memory.

Streamlit keeps an uploaded file until the session ends, two minutes or more after its page was
closed, and forgets which file was chosen when the page is left. So the file is taken out of
Streamlit's hands as soon as it has arrived.
"""

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

import cv2
import streamlit as st
from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from mnist_core import MnistError, load_image
from pages.widgets import memory

__all__ = ["Picture", "choose_picture", "large", "take"]

# A larger picture is stored as a JPEG of at most `MAX_DECODED` pixels: some 2 MB for a photograph.
_LARGEST_KEPT = 4 * 2**20
_QUALITY = 95


@dataclass(frozen=True)
class Picture:
    """A picture that a visitor chose: the content of an image file, or why it cannot be read."""

    name: str
    content: bytes = b""
    problem: str = ""


def choose_picture(label: str, *, key: str, camera: bool = False) -> Picture | None:
    """Show an upload, or the camera, and below it the visitor's last picture until it is removed.

    Any file is taken: what cannot be read has a `problem` that says what it is and what to do.
    """
    state = st.session_state
    kept = f"{key}_kept"

    def keep(file: Any) -> None:
        state[kept] = _compact(file.name, file.getvalue())

    if camera:
        take(
            keep,
            label,
            key=key,
            widget=st.camera_input,
            help="Kept until you remove it or leave, never saved.",
        )
    else:
        take(
            keep,
            label,
            key=key,
            widget=st.file_uploader,
            help="PNG, JPEG, WebP, GIF, BMP, TIFF, HEIC or AVIF. Kept until you remove it or "
            "leave, never saved.",
        )
    picture: Picture | None = state.get(kept)
    if picture is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(picture.name, width="content")
            st.button(
                "Remove",
                icon=":material/close:",
                type="tertiary",
                key=f"{key}_remove",
                help="Remove this picture and its reading.",
                on_click=state.pop,
                args=(kept,),
            )
    return picture


def take(
    use: Callable[[Any], None],
    label: str,
    *,
    key: str,
    widget: Callable[..., Any] = st.file_uploader,
    **options: Any,
) -> None:
    """Show an uploader; `use` is called once with each file, before the page runs again.

    Then the uploader is empty again, and Streamlit's copy of the file is deleted.
    """
    state = st.session_state
    number = state.setdefault(f"{key}_files", 0)
    current = f"{key}_file_{number}"

    def on_change() -> None:
        file = state.get(current)
        if file is None:
            return
        state[f"{key}_files"] = number + 1  # a new key makes an empty uploader
        try:
            use(file)
        finally:
            _release(file)

    widget(label, key=current, on_change=on_change, **options)


@st.cache_resource(scope="session", show_spinner=False)
def large() -> MutableMapping[str, Any]:
    """What a visitor has uploaded and is too large to outlive the page; empty once it is closed."""
    return {}


def _compact(name: str, content: bytes) -> Picture:
    if len(content) <= _LARGEST_KEPT:
        return Picture(name, content)
    try:
        image = load_image(content)
    except MnistError as error:
        return Picture(name, problem=str(error))
    pixels = cv2.cvtColor(image[:, :, :3], cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return Picture(name, encoded.tobytes())


def _release(file: Any) -> None:
    context = get_script_run_ctx()
    if context is not None and Runtime.exists():
        files: Any = Runtime.instance().uploaded_file_mgr
        files.remove_file(context.session_id, file.file_id)
    if file.size > _LARGEST_KEPT:
        # Else what decoding has used is kept: 290 MB after three pictures of 57 MB.
        memory.give_back()
