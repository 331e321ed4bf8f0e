"""The Train tab without a browser: the form, runs of the past, the shelf of models."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from support.cards import make_card
from support.frames import make_correction

from mnist_core import TrainingConfig, list_models
from mnist_core.corrections.store import CorrectionStore
from mnist_core.registry.card import KERAS, write_card
from mnist_core.registry.staging import staged_model
from mnist_core.runs import jobs
from mnist_core.runs.run import Outcome, Run
from mnist_core.runs.store import find_run, list_runs, new_run
from mnist_core.training.events import BatchEnd, EpochEnd

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.usefixtures("runs", "models")
SHOW = """
from pages.train import tab
tab.show()
"""


@pytest.fixture
def models(own_models: Path) -> Path:
    """The bundled models, and one that a user trained."""
    shutil.copytree(
        ROOT / "models", own_models, ignore=shutil.ignore_patterns(KERAS), dirs_exist_ok=True
    )
    with staged_model("mine", own_models) as stage:
        write_card(make_card("mine", test_accuracy=0.9712), stage)
    st.cache_data.clear()
    return own_models


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[TrainingConfig]:
    """What was started; no process is."""
    configs: list[TrainingConfig] = []

    def start(config: TrainingConfig) -> Run:
        configs.append(config)
        return new_run(config)

    monkeypatch.setattr(jobs, "start", start)
    return configs


def tab() -> AppTest:
    app = AppTest.from_string(SHOW, default_timeout=60).run()
    assert not app.exception
    return app


def tell(run: Run, epochs: int = 2) -> None:
    """Let a run have reported some epochs."""
    for epoch in range(1, epochs + 1):
        run.report(
            BatchEnd(
                epoch=epoch,
                epochs=3,
                batch=430,
                batches=430,
                loss=0.5,
                accuracy=0.9,
                images_per_second=12_345.0,
            )
        )
        run.report(
            EpochEnd(
                epoch=epoch,
                epochs=3,
                loss=0.5,
                accuracy=0.9,
                val_loss=0.4,
                val_accuracy=0.95,
                seconds=30.0,
            )
        )


def texts(app: AppTest, kind: str) -> str:
    return "\n".join(str(element.value) for element in app.get(kind))


def test_the_form_starts_what_suits_the_network(started: list[TrainingConfig]) -> None:
    app = tab()
    assert "No training is going on" in texts(app, "caption")
    assert app.text_input(key="train_name_mlp").value == "my-mlp-1"
    app.button(key="train_start").click().run()
    assert not app.exception
    expected = TrainingConfig(architecture="mlp", name="my-mlp-1", epochs=3, target_accuracy=0.99)
    assert [config.resolved() for config in started] == [expected.resolved()]
    # It is shown at once, and the next one has another name.
    assert "Training my-mlp-1" in texts(app, "subheader")
    assert app.text_input(key="train_name_mlp").value == "my-mlp-2"


@pytest.mark.parametrize("kind", ["cnn", "champion"])
def test_another_network_has_other_settings(kind: str, started: list[TrainingConfig]) -> None:
    app = tab()
    app.segmented_control(key="train_architecture").set_value(kind).run()
    app.segmented_control(key=f"train_length_{kind}").set_value("full").run()
    app.button(key="train_start").click().run()
    assert not app.exception
    expected = TrainingConfig(architecture=kind, name=f"my-{kind}-1", target_accuracy=1.0)
    assert [config.resolved() for config in started] == [expected.resolved()]


def test_every_setting_reaches_the_run(started: list[TrainingConfig]) -> None:
    app = tab()
    app.text_input(key="train_name_mlp").set_value("other")
    app.number_input(key="train_epochs_mlp_quick").set_value(7)
    app.select_slider(key="train_batch_mlp").set_value(256)
    app.number_input(key="train_rate_mlp").set_value(0.01)
    app.selectbox(key="train_schedule_mlp").set_value("cosine")
    app.selectbox(key="train_optimizer_mlp").set_value("sgd")
    app.number_input(key="train_seed").set_value(5)
    app.slider(key="train_augmentation_mlp").set_value(0.5)
    app.select_slider(key="train_dropout_mlp").set_value("0.25")
    app.number_input(key="train_patience_mlp").set_value(3)
    app.number_input(key="train_target_mlp").set_value(0.95)
    app.slider(key="train_held_out").set_value(0.2)
    app.selectbox(key="train_initial_mlp").set_value("mine").run()
    app.checkbox(key="train_mixed_mlp_tuned").set_value(True)
    app.button(key="train_start").click().run()
    assert not app.exception
    assert started == [
        TrainingConfig(
            architecture="mlp", name="other", epochs=7, batch_size=256, learning_rate=0.01,
            schedule="cosine", optimizer="sgd", seed=5, augmentation=0.5, dropout=0.25, patience=3,
            target_accuracy=0.95, validation_fraction=0.2, initial_model="mine",
            mixed_precision=True,
        )
    ]  # fmt: skip


def test_16_bits_are_proposed_where_they_suit(
    started: list[TrainingConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a processor that is quick with them: from nothing, not beginning with trained weights."""
    monkeypatch.setattr("mnist_core.training.config.multiplies_bfloat16", lambda: True)
    app = tab()
    app.segmented_control(key="train_architecture").set_value("cnn").run()
    assert app.checkbox(key="train_mixed_cnn").value is True
    app.selectbox(key="train_initial_cnn").set_value("cnn").run()
    app.button(key="train_start").click().run()
    assert not app.exception
    assert [(run.initial_model, run.mixed_precision) for run in started] == [("cnn", False)]


@pytest.mark.parametrize("name", ["../x", "My model", "a/b", "é", ".hidden"])
def test_an_impossible_name_is_explained_and_nothing_starts(
    name: str, started: list[TrainingConfig]
) -> None:
    app = tab()
    app.text_input(key="train_name_mlp").set_value(name).run()
    app.button(key="train_start").click().run()
    assert not app.exception
    assert "name is 1 to 40 characters" in app.error[0].value
    assert started == []


def test_a_taken_name_is_replaced_only_when_that_is_said(started: list[TrainingConfig]) -> None:
    app = tab()
    app.text_input(key="train_name_mlp").set_value("mine").run()
    app.button(key="train_start").click().run()
    assert "already exists" in app.error[0].value
    assert list_runs() == []
    app.checkbox(key="train_overwrite_mine").set_value(True)
    app.button(key="train_start").click().run()
    assert not app.error
    assert started[-1].overwrite


def test_a_run_that_goes_on_is_found_by_every_visitor() -> None:
    run = new_run(TrainingConfig(architecture="mlp", name="theirs", epochs=3))
    tell(run)
    with run.lock():
        run.set_phase("running")
        app = tab()
        assert "Training theirs" in texts(app, "subheader")
        assert "12,345 images a second · 30 s left at most" in texts(app, "caption")
        app.button(key="train_cancel").click().run()
        assert not app.exception
        assert run.stop_requested is False


def test_what_was_learnt_can_be_kept_once_there_is_something() -> None:
    run = new_run(TrainingConfig(architecture="mlp", name="theirs", epochs=3))
    with run.lock():
        run.set_phase("running")
        assert tab().button(key="train_keep").disabled
        run.checkpoints.mkdir()
        state = {"history": {"loss": [1.0]}}
        (run.checkpoints / "state.json").write_text(json.dumps(state))
        tab().button(key="train_keep").click().run()
        assert run.stop_requested is True


def watched(run: Run) -> AppTest:
    app = AppTest.from_string(SHOW, default_timeout=60)
    app.session_state["training_watched"] = run.id
    app.run()
    assert not app.exception
    return app


def test_the_end_tells_the_accuracy_and_the_model_can_be_used() -> None:
    run = new_run(TrainingConfig(architecture="mlp", name="mine", overwrite=True))
    (card,) = (card for card in list_models() if card.name == "mine")
    run.finish(Outcome(state="done", card=card))
    app = watched(run)
    assert "97.12%" in app.success[0].value
    assert app.dataframe[0].value["model"].tolist() == [
        "champion", "cnn", "mlp", "mine ← new",
    ]  # fmt: skip
    app.button(key="train_use").click().run()
    assert app.session_state["model_next"] == "mine"


@pytest.mark.parametrize("state", ["failed", "cancelled", "interrupted"])
def test_a_run_that_stopped_says_why_and_can_be_resumed(
    state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run(TrainingConfig(architecture="mlp", name="theirs"))
    run.log.write_text("the last words")
    run.set_phase("running")
    if state != "interrupted":
        run.finish(Outcome(state=state, text="because"))
    app = watched(run)
    said = texts(app, "error") + texts(app, "info") + texts(app, "warning")
    assert ("because" in said) is (state != "interrupted")
    assert ("the last words" in texts(app, "code")) is (state != "cancelled")
    resumed: list[Run] = []
    monkeypatch.setattr(jobs, "resume", resumed.append)
    app.button(key="train_resume").click().run()
    assert not app.exception
    assert resumed == [run]


def test_past_runs_are_in_the_table_even_damaged_ones() -> None:
    whole = new_run(TrainingConfig(architecture="mlp", name="one"))
    whole.finish(Outcome(state="done", card=make_card("one")))
    broken = new_run(TrainingConfig(architecture="cnn", name="two"))
    broken.finish(Outcome(state="failed", text="why"))
    (broken.folder / "config.json").write_text("{")
    table = tab().dataframe[-1].value
    assert sorted(table["model"]) == ["damaged", "one"]
    assert set(table["state"]) == {"done", "failed"}
    assert "98.00%" in table["MNIST test"].tolist()


def test_past_runs_say_why_they_ended_so() -> None:
    ends = {
        "failed": Outcome(state="failed", text="The disk\nis full."),
        "cancelled": Outcome(state="cancelled", text="Stopped before anything was saved."),
        "best-0": Outcome(state="done", text="A trial: 97.10%.", validation_accuracy=0.971),
    }
    for name, outcome in ends.items():
        run = new_run(TrainingConfig(architecture="mlp", name=name, epochs=2))
        run.report(an_epoch())
        run.finish(outcome)
    cut = new_run(TrainingConfig(architecture="mlp", name="cut"))
    cut.set_phase("running")
    table = tab().dataframe[-1].value.set_index("model")
    assert table.loc["failed", "note"] == "The disk is full."
    assert table.loc["cancelled", "note"] == "Stopped before anything was saved."
    assert "can be resumed" in table.loc["cut", "note"]
    assert table.loc["best-0", "held out"] == "97.10%"
    assert table.loc["best-0", "epochs"] == "1 of 2"
    assert table.loc["best-0", "MNIST test"] == ""


def an_epoch() -> EpochEnd:
    return EpochEnd(
        epoch=1, epochs=2, loss=0.2, accuracy=0.9, val_loss=0.2, val_accuracy=0.97, seconds=1.0
    )


def test_corrections_are_included_where_there_are_some(
    started: list[TrainingConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_CORRECTIONS", str(tmp_path / "corrections.sqlite3"))
    app = tab()
    assert app.checkbox(key="train_corrections").disabled
    CorrectionStore().add(make_correction())
    app = tab()
    box = app.checkbox(key="train_corrections")
    assert not box.disabled
    assert "(1)" in box.label
    box.set_value(True).run()
    app.button(key="train_start").click().run()
    assert not app.exception
    assert started[0].include_corrections


def test_a_model_is_renamed_and_removed(models: Path) -> None:
    app = tab()
    app.selectbox(key="shelf").set_value("mine").run()
    app.text_input(key="shelf_name_mine").set_value("../x").run()
    app.button(key="shelf_rename").click().run()
    assert "name is 1 to 40" in app.error[0].value
    app.text_input(key="shelf_name_mine").set_value("better").run()
    app.button(key="shelf_rename").click().run()
    assert not app.exception
    assert (models / "better").is_dir()
    assert not (models / "mine").exists()
    app.selectbox(key="shelf").set_value("better").run()
    app.button(key="shelf_delete").click().run()
    assert not app.exception
    assert not (models / "better").exists()


def test_bundled_models_offer_no_removal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MNIST_MODELS")
    app = tab()
    assert "shelf_delete" not in [button.key for button in app.button]
    assert "came with the repository" in texts(app, "caption")


def test_a_run_can_be_started_for_real_and_cancelled_at_once() -> None:
    app = tab()
    app.button(key="train_start").click().run()
    app.button(key="train_cancel").click().run()
    assert not app.exception
    (run,) = list_runs()
    end = time.monotonic() + 60
    while run.state != "cancelled":
        assert time.monotonic() < end, run.state
        time.sleep(0.1)
    assert find_run(run.id).outcome
    assert not any(card.name == "my-mlp-1" for card in list_models())


def test_corrections_are_taught_to_a_model(
    started: list[TrainingConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_CORRECTIONS", str(tmp_path / "corrections.sqlite3"))
    # Without corrections there is nothing to teach.
    assert not [button for button in tab().button if button.key == "teach"]
    CorrectionStore().add(make_correction(1))
    app = tab()
    app.selectbox("teach_model").set_value("cnn")
    app.button("teach").click().run()
    assert not app.exception
    (config,) = started
    assert (config.architecture, config.initial_model, config.name) == ("cnn", "cnn", "my-cnn-1")
    assert config.include_corrections
    assert config.resolved().epochs == 1
