"""Build your own: presets, blocks, files, the script, and what is refused."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from streamlit.testing.v1 import AppTest
from support.apps import press, run_script, texts

from mnist_core import TrainingConfig
from mnist_core.networks.blocks.block import BLOCKS
from mnist_core.networks.blocks.file import write_blocks
from mnist_core.networks.blocks.kinds import Convolution, Dense, Pooling
from mnist_core.networks.blocks.plan import OUTPUT
from mnist_core.networks.blocks.presets import PRESETS
from pages.train.build_state import Draft

pytestmark = pytest.mark.usefixtures("runs", "models")
FORM = "from pages.train import form; form.show()"


def open_builder(**state: object) -> AppTest:
    return run_script(FORM, train_architecture=BLOCKS, **state)


def draft_of(app: AppTest) -> Draft:
    draft = app.session_state["build_draft"]
    assert type(draft).__name__ == "Draft"
    return draft


def rows(app: AppTest) -> list[str]:
    return [
        popover.proto.popover.label.split(" → ")[0]
        for popover in app.get("popover")
        if popover.proto.popover.label[0].isdigit()
    ]


def shown(app: AppTest, kind: str) -> str:
    """The text of all elements of a kind, without the marks that escape Markdown."""
    return texts(app, kind).replace("\\", "")


def test_builder_starts_with_a_good_network(started: list[TrainingConfig]) -> None:
    app = open_builder()
    assert rows(app)[:2] == [
        "1. **Convolution** · 16 filters of 3×3, relu",
        "2. **Pooling** · 2×2",
    ]
    assert PRESETS[0].lesson in texts(app, "markdown")
    assert "56,714 parameters, 9" in texts(app, "caption")
    assert "706,752 multiplications for each image" in texts(app, "caption")
    press(app, "train_start")
    (config,) = started
    assert (config.architecture, config.name) == (BLOCKS, "my-blocks-1")
    assert config.blocks == PRESETS[0].blocks
    assert {name: getattr(config, name) for name in PRESETS[0].settings} == PRESETS[0].settings


@pytest.mark.parametrize("preset", PRESETS[1:], ids=lambda preset: preset.title)
def test_preset_brings_its_blocks_and_settings(preset, started: list[TrainingConfig]) -> None:
    app = open_builder()
    app.button_group(key="build_preset").set_value(preset.title).run()
    assert not app.exception
    assert preset.lesson in texts(app, "markdown")
    press(app, "train_start")
    (config,) = started
    assert config.blocks == preset.blocks
    assert {name: getattr(config, name) for name in preset.settings} == preset.settings


def test_blocks_are_changed_moved_added_and_removed(started: list[TrainingConfig]) -> None:
    app = open_builder()
    first, second = (row.number for row in draft_of(app).rows[:2])
    app.number_input(key=f"build_filters_{first}").set_value(8).run()
    app.button_group(key=f"build_activation_{first}").set_value("tanh").run()
    press(app, f"build_down_{first}")
    press(app, "build_add_dropout")
    press(app, "build_add_convolution")  # goes before the dense block, where it fits
    press(app, f"build_remove_{second}")
    assert [row.block.kind for row in draft_of(app).rows] == [
        "convolution", "convolution", "pooling", "convolution", "dense", "dropout",
    ]  # fmt: skip
    assert "8 filters of 3×3, tanh" in rows(app)[0]
    press(app, "train_start")
    assert started[0].blocks == draft_of(app).blocks
    assert started[0].blocks[0] == Convolution(filters=8, activation="tanh")
    # The name of the next one, and the blocks are kept.
    assert app.text_input(key="train_name_blocks").value == "my-blocks-2"


def test_impossible_network_is_refused_before_training() -> None:
    app = open_builder()
    second = draft_of(app).rows[1].number
    app.number_input(key=f"build_window_{second}").set_value(28).run()
    assert not app.exception
    assert len(app.error) == 1
    assert "Block 2 (pooling): Its window is larger than the 26×26 px" in shown(app, "error")
    assert app.button(key="train_start").disabled
    # What fits is still drawn; what does not is marked.
    assert ":material/error:" in [p.proto.popover.label for p in app.get("popover")][1]
    assert "Show the code" not in [expander.label for expander in app.expander]


def test_twelve_blocks_are_enough() -> None:
    app = open_builder()
    for _ in range(6):
        press(app, "build_add_dropout")
    assert all(app.button(key=f"build_add_{kind}").disabled for kind in ("dense", "pooling"))
    assert len(draft_of(app).blocks) == 12


def test_preset_chosen_again_takes_changes_back() -> None:
    app = open_builder()
    press(app, "build_add_dense")
    assert len(draft_of(app).rows) == 6
    app.button_group(key="build_preset").set_value(None).run()
    assert not app.exception
    assert draft_of(app).blocks == PRESETS[0].blocks
    assert app.session_state["build_preset"] == PRESETS[0].title


def test_file_replaces_the_network_or_is_refused_with_the_reason() -> None:
    draft, blocks = Draft(), (Convolution(window=5), Pooling(), Dense(units=9), OUTPUT)
    draft.load_file("mine.json", write_blocks(blocks).encode())
    assert (draft.blocks, draft.source, draft.preset, draft.problem) == (
        blocks, "mine.json", None, ""
    )  # fmt: skip
    number = draft.number
    draft.load_file("other.json", b"[1, 2")
    assert (draft.blocks, draft.source, draft.number) == (blocks, "mine.json", number)
    app = open_builder(build_draft=draft)
    assert "The file is not JSON" in shown(app, "error")
    assert "From the file mine.json." in texts(app, "text")
    press(app, "build_add_dense")
    assert texts(app, "error") == ""


def test_saved_file_has_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    saved: list[tuple[str, bytes]] = []
    monkeypatch.setattr(
        "pages.widgets.browser.save_file",
        lambda number, name, kind, content, **others: saved.append((name, content)),
    )
    app = open_builder()
    press(app, "build_save")
    (name, content) = saved[0]
    assert name == "network.json"
    assert json.loads(content)["blocks"] == [asdict(block) for block in PRESETS[0].blocks]


def test_code_is_shown_or_why_not() -> None:
    app = open_builder()
    (code,) = app.get("code")
    assert "layers.Conv2D(filters=16, kernel_size=3, activation=" in code.value
    number = draft_of(app).number
    app.slider(key=f"train_augmentation_blocks_{number}").set_value(0.5).run()
    assert not app.get("code")
    assert "Received: augmentation" in shown(app, "info")
