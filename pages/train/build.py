"""Build your own network: presets, blocks, and the network as a file."""

from dataclasses import replace
from typing import Any

import streamlit as st

from mnist_core.errors import require_choice, require_int
from mnist_core.networks.blocks.block import Setting
from mnist_core.networks.blocks.file import write_blocks
from mnist_core.networks.blocks.kinds import KINDS
from mnist_core.networks.blocks.plan import MOST_BLOCKS, OUTPUT, Plan, check_blocks, plan_blocks
from mnist_core.networks.blocks.presets import PRESETS
from pages.train.build_state import Draft, Row, current
from pages.widgets import uploads
from pages.widgets.save_button import save_button
from pages.widgets.show_errors import plain

__all__ = ["show"]

_PRESET, _LARGEST_MB = "build_preset", 1
_BY_TITLE = {preset.title: preset for preset in PRESETS}


def show() -> Draft:
    """Show the builder; return the network that it now holds."""
    draft = current()
    _show_presets(draft)
    plan = plan_blocks(draft.blocks)
    with st.container(key="build_blocks", gap="xsmall"):
        for place, row in enumerate(draft.rows):
            _show_row(draft, row, place, plan)
        _show_output(len(draft.rows))
    if plan.problem:
        st.error(plain(plan.problem))
    _show_add(draft)
    _show_files(draft)
    return draft


def _show_presets(draft: Draft) -> None:
    state = st.session_state

    def load() -> None:
        # Choosing it again takes back all changes.
        title = state[_PRESET] or (draft.preset.title if draft.preset else PRESETS[0].title)
        draft.load_preset(_BY_TITLE[title])
        state[_PRESET] = title

    state[_PRESET] = draft.preset.title if draft.preset else None
    st.pills(
        "Begin with",
        list(_BY_TITLE),
        key=_PRESET,
        on_change=load,
        wrap=True,
        help="A network and settings of its training. Choose it again to take back your changes.",
    )
    if draft.preset:
        st.markdown(draft.preset.lesson)
    else:
        st.text(f"From the file {draft.source}.")


def _show_row(draft: Draft, row: Row, place: int, plan: Plan) -> None:
    """A block: a line that opens its settings."""
    block = row.block
    detail = f" · {block.detail}" if block.detail else ""
    with st.popover(
        f"{place + 1}. **{block.kind.capitalize()}**{detail}{_shape(plan, place)}",
        key=f"build_row_{row.number}",
        help=block.SUMMARY,
        width="stretch",
    ):
        for setting in block.settings():
            _show_setting(row, setting)
        with st.container(horizontal=True):
            last = len(draft.rows) - 1
            for label, icon, by, end in (
                ("Up", "arrow_upward", -1, 0),
                ("Down", "arrow_downward", 1, last),
            ):
                st.button(
                    label,
                    icon=f":material/{icon}:",
                    key=f"build_{label.lower()}_{row.number}",
                    disabled=place == end,
                    help=f"Nearer to the {'image' if by < 0 else 'output'}.",
                    on_click=draft.move,
                    args=(row, by),
                )
            st.button(
                "Remove",
                icon=":material/delete:",
                key=f"build_remove_{row.number}",
                help="Choose the preset again to take this back.",
                on_click=draft.remove,
                args=(row,),
            )


def _shape(plan: Plan, place: int) -> str:
    """The shape of a block's output, or that it does not fit."""
    if place < len(plan.outputs):
        return f" → {'×'.join(map(str, plan.outputs[place]))}"
    return " :material/error:" if place == len(plan.outputs) else ""


def _show_setting(row: Row, setting: Setting) -> None:
    """The control of a setting, by what checks its values."""
    key = f"build_{setting.name}_{row.number}"
    # The block keeps it: a control is gone while another page is open, and one in a closed popover
    # knows its default only (Streamlit 1.67), which therefore is always the present value.
    value = getattr(row.block, setting.name)
    options: dict[str, Any] = {
        "key": key,
        "help": setting.help,
        "on_change": _change,
        "args": (row, setting.name, key),
    }
    label = setting.name.capitalize()
    if setting.require is require_choice:
        choices = list(setting.allowed[0])
        st.segmented_control(label, choices, default=value, required=True, **options)
    elif setting.require is require_int:
        low, high = setting.allowed
        st.number_input(label, low, high, value, **options)
    else:
        low, high = setting.allowed
        st.slider(label, low, high, float(value), step=0.05, **options)


def _change(row: Row, name: str, key: str) -> None:
    # Streamlit (1.67) also reports a choice that disappears with its block, as None.
    if (value := st.session_state.get(key)) is not None:
        row.block = replace(row.block, **{name: value})


def _show_output(place: int) -> None:
    # Escaped: Markdown would indent a list.
    st.markdown(f"{place + 1}\\. **Output** · {OUTPUT.detail}: a logit for each digit")


def _show_add(draft: Draft) -> None:
    full = len(draft.rows) + 1 >= MOST_BLOCKS
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="build_add"):
        st.markdown("Add a block:", width="content")
        for kind, block in KINDS.items():
            st.button(
                kind.capitalize(),
                icon=":material/add:",
                key=f"build_add_{kind}",
                disabled=full,
                help=f"A network has {MOST_BLOCKS} blocks at most." if full else block.SUMMARY,
                on_click=draft.add,
                args=(block(),),
            )


def _show_files(draft: Draft) -> None:
    blocks = draft.blocks

    def content() -> bytes:
        check_blocks(blocks)
        return write_blocks(blocks).encode()

    with st.container(horizontal=True):
        save_button(
            "Save as JSON",
            content,
            "network.json",
            "application/json",
            key="build_save",
            icon=":material/download:",
            help="The blocks as a file, also for train --network on the command line.",
        )
        with st.popover(
            "Open a file", icon=":material/upload:", key="build_open", help="A network as JSON."
        ):
            uploads.take(
                lambda file: draft.load_file(file.name, file.getvalue()),
                "A network as JSON",
                key="build_file",
                max_upload_size=_LARGEST_MB,
                help="As saved here. It replaces the blocks.",
            )
    if draft.problem:
        st.error(plain(draft.problem))
