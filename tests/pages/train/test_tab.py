"""The Train tab without a browser: form, progress, runs and models."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from support.apps import run_script, texts
from support.cards import make_card
from support.frames import make_correction
from support.searches import search

from mnist_core import TrainingConfig, list_models
from mnist_core.corrections.store import CorrectionStore
from mnist_core.networks.architectures import get_architecture
from mnist_core.networks.blocks.block import BLOCKS
from mnist_core.networks.blocks.kinds import Convolution, Pooling
from mnist_core.networks.blocks.plan import OUTPUT
from mnist_core.registry.card import CARD, write_card
from mnist_core.registry.staging import staged_model
from mnist_core.runs import jobs
from mnist_core.runs.run import Outcome, Run
from mnist_core.runs.store import find_run, list_runs, new_run
from mnist_core.training import formats
from mnist_core.training.events import BatchEnd, EpochEnd

pytestmark = pytest.mark.usefixtures("runs", "models")
SHOW = "from pages.train import tab; tab.show()"


@pytest.fixture(autouse=True)
def _mine(models: Path) -> None:
    """A model that the user trained, beside the bundled ones."""
    with staged_model("mine", models) as stage:
        write_card(make_card("mine", test_accuracy=0.9712), stage)
    st.cache_data.clear()


def report_epochs(run: Run, epochs: int) -> None:
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


def open_form(network: str) -> AppTest:
    """The tab with this network chosen."""
    app = run_script(SHOW)
    app.segmented_control(key="train_architecture").set_value(network).run()
    return app


def test_form_starts_with_a_quick_training_of_the_cnn(started: list[TrainingConfig]) -> None:
    app = run_script(SHOW)
    assert "cnn, at most 1 epoch, learning rate" in texts(app, "caption")
    app.button(key="train_start").click().run()
    assert not app.exception
    expected = TrainingConfig(
        architecture="cnn",
        name="my-cnn-1",
        **get_architecture("cnn").quick,
    )
    assert [config.resolved() for config in started] == [expected.resolved()]


def test_form_starts_with_the_defaults_of_the_network(started: list[TrainingConfig]) -> None:
    app = open_form("mlp")
    assert "No training is running" in texts(app, "caption")
    assert app.text_input(key="train_name_mlp").value == "my-mlp-1"
    app.button(key="train_start").click().run()
    assert not app.exception
    expected = TrainingConfig(architecture="mlp", name="my-mlp-1", epochs=3, target_accuracy=0.99)
    assert [config.resolved() for config in started] == [expected.resolved()]
    # The run is shown at once, and the next one gets another name.
    assert "Training my-mlp-1" in texts(app, "header")
    assert app.text_input(key="train_name_mlp").value == "my-mlp-2"


@pytest.mark.parametrize("kind", ["cnn", "champion"])
def test_form_defaults_of_another_network(kind: str, started: list[TrainingConfig]) -> None:
    app = run_script(SHOW)
    app.segmented_control(key="train_architecture").set_value(kind).run()
    app.segmented_control(key=f"train_length_{kind}").set_value("full").run()
    app.button(key="train_start").click().run()
    assert not app.exception
    expected = TrainingConfig(architecture=kind, name=f"my-{kind}-1")
    assert [config.resolved() for config in started] == [expected.resolved()]


def test_form_passes_every_setting_to_the_run(started: list[TrainingConfig]) -> None:
    app = open_form("mlp")
    app.text_input(key="train_name_mlp").set_value("other")
    app.number_input(key="train_epochs_mlp_quick").set_value(7)
    app.select_slider(key="train_batch_mlp_quick").set_value(256)
    app.text_input(key="train_rate_mlp_quick").set_value("0,01")
    app.selectbox(key="train_schedule_mlp_quick").set_value("cosine")
    app.selectbox(key="train_optimizer_mlp_quick").set_value("sgd")
    app.select_slider(key="train_images_mlp_quick").set_value(500)
    app.number_input(key="train_seed").set_value(5)
    app.slider(key="train_augmentation_mlp_quick").set_value(0.5)
    app.select_slider(key="train_dropout_mlp_quick").set_value(0.25)
    app.number_input(key="train_patience_mlp_quick").set_value(3)
    app.text_input(key="train_target_mlp_quick").set_value("0.95")
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
            mixed_precision=True, training_images=500,
        )
    ]  # fmt: skip


def test_mixed_precision_default(
    started: list[TrainingConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a processor with bfloat16, unless an initial model is chosen."""
    monkeypatch.setattr("mnist_core.training.config.multiplies_bfloat16", lambda: True)
    app = run_script(SHOW)
    app.segmented_control(key="train_architecture").set_value("cnn").run()
    assert app.checkbox(key="train_mixed_cnn").value is True
    app.selectbox(key="train_initial_cnn").set_value("cnn").run()
    app.button(key="train_start").click().run()
    assert not app.exception
    assert [(run.initial_model, run.mixed_precision) for run in started] == [("cnn", False)]


@pytest.mark.parametrize("name", ["../x", "My model", "a/b", "é", ".hidden"])
def test_invalid_name_shows_an_error(name: str, started: list[TrainingConfig]) -> None:
    app = open_form("mlp")
    app.text_input(key="train_name_mlp").set_value(name).run()
    app.button(key="train_start").click().run()
    assert not app.exception
    assert "name is 1 to 40 characters" in app.error[0].value
    assert started == []


def test_existing_model_is_replaced_only_on_request(started: list[TrainingConfig]) -> None:
    app = open_form("mlp")
    app.text_input(key="train_name_mlp").set_value("mine").run()
    app.button(key="train_start").click().run()
    assert "already exists" in app.error[0].value
    assert list_runs() == []
    app.checkbox(key="train_overwrite_mine").set_value(True)
    app.button(key="train_start").click().run()
    assert not app.error
    assert started[-1].overwrite


def test_active_run_is_shown_to_every_visitor() -> None:
    run = new_run(TrainingConfig(architecture="mlp", name="theirs", epochs=3))
    report_epochs(run, 2)
    with run.lock():
        run.set_phase("running")
        app = run_script(SHOW)
        assert "Training theirs" in texts(app, "header")
        assert "12,345 images/s · at most 30 s left" in texts(app, "caption")
        app.button(key="train_cancel").click().run()
        assert not app.exception
        assert run.stop_requested is False


def test_stop_and_save_needs_a_complete_epoch() -> None:
    run = new_run(TrainingConfig(architecture="mlp", name="theirs", epochs=3))
    with run.lock():
        run.set_phase("running")
        assert run_script(SHOW).button(key="train_keep").disabled
        run.checkpoints.mkdir()
        state = {"history": {"loss": [1.0]}}
        (run.checkpoints / "state.json").write_text(json.dumps(state))
        run_script(SHOW).button(key="train_keep").click().run()
        assert run.stop_requested is True


def test_finished_run_shows_the_accuracy_and_selects_the_model() -> None:
    run = new_run(TrainingConfig(architecture="mlp", name="mine", overwrite=True))
    (card,) = (card for card in list_models() if card.name == "mine")
    run.finish(Outcome(state="done", card=card))
    app = run_script(SHOW, training_watched=run.id)
    assert "97.12%" in app.success[0].value
    assert app.dataframe[0].value["model"].tolist() == [
        "champion", "cnn", "mlp", "mine ← new",
    ]  # fmt: skip
    app.button(key="train_use").click().run()
    assert app.session_state["model_next"] == "mine"


@pytest.mark.parametrize("state", ["failed", "cancelled", "interrupted"])
def test_stopped_run_shows_the_reason_and_resumes(
    state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run(TrainingConfig(architecture="mlp", name="theirs"))
    run.log.write_text("the last words")
    run.set_phase("running")
    if state != "interrupted":
        run.finish(Outcome(state=state, text="because"))
    app = run_script(SHOW, training_watched=run.id)
    assert ("because" in texts(app, "error", "info", "warning")) is (state != "interrupted")
    assert ("the last words" in texts(app, "code")) is (state != "cancelled")
    resumed: list[Run] = []
    monkeypatch.setattr(jobs, "resume", resumed.append)
    app.button(key="train_resume").click().run()
    assert not app.exception
    assert resumed == [run]


def test_table_of_runs_shows_damaged_runs() -> None:
    done = new_run(TrainingConfig(architecture="mlp", name="one"))
    done.finish(Outcome(state="done", card=make_card("one")))
    damaged = new_run(TrainingConfig(architecture="cnn", name="two"))
    damaged.finish(Outcome(state="failed", text="why"))
    (damaged.folder / "config.json").write_text("{")
    table = run_script(SHOW).dataframe[-1].value
    assert sorted(table["model"]) == [damaged.id, "one"]
    assert "The run's settings are damaged. why" in table["note"].tolist()
    assert set(table["state"]) == {"done", "failed"}
    assert "98.00%" in table["MNIST test"].tolist()


def test_table_of_runs_shows_notes() -> None:
    ends = {
        "failed": Outcome(state="failed", text="The disk\nis full."),
        "cancelled": Outcome(state="cancelled", text="Stopped before anything was saved."),
        "best-0": Outcome(state="done", text="A trial: 97.10%.", validation_accuracy=0.971),
        "best-1": Outcome(state="cancelled", text="Pruned after epoch 1."),
    }
    for name, outcome in ends.items():
        run = new_run(TrainingConfig(architecture="mlp", name=name, epochs=2))
        report_epochs(run, 1)
        run.finish(outcome)
        if name.startswith("best"):
            run.record_search("best")
    for name in ("cut", "best-2"):
        cut = new_run(TrainingConfig(architecture="mlp", name=name))
        cut.set_phase("running")
    cut.record_search("best")
    table = run_script(SHOW).dataframe[-1].value.set_index("model")
    assert table.loc["failed", "note"] == "The disk is full."
    assert table.loc["cancelled", "note"] == "Stopped before anything was saved."
    assert "can be resumed" in table.loc["cut", "note"]
    assert table.loc["best-2", "note"].endswith("its search tries this trial again.")
    assert table.loc["best-0", "validation"] == "97.10%"
    assert table.loc["best-0", "epochs"] == table.loc["best-1", "epochs"] == "1 of 2"
    assert table.loc["best-0", "MNIST test"] == ""


def test_table_of_runs_describes_own_networks() -> None:
    blocks = (Convolution(filters=4), Pooling(), OUTPUT)
    new_run(TrainingConfig(architecture=BLOCKS, blocks=blocks, name="own"))
    new_run(TrainingConfig(architecture="mlp", name="other"))
    table = run_script(SHOW).dataframe[-1].value.set_index("model")
    assert table["network"].to_dict() == {"own": "own network, 3 blocks", "other": "mlp"}


@pytest.mark.parametrize("search", [None, "best"])
def test_stopped_run_is_resumed_unless_it_is_a_trial(search: str | None) -> None:
    run = new_run(TrainingConfig(architecture="mlp", name="best-1"))
    run.finish(Outcome(state="cancelled", text="Pruned after epoch 1."))
    if search is not None:
        run.record_search(search)
    app = run_script(
        SHOW, training_watched=run.id, runs={"selection": {"rows": [0], "columns": []}}
    )
    assert not app.exception
    resume = [button.key for button in app.button if "resume" in str(button.key)]
    assert resume == ([] if search else ["train_resume", "runs_resume"])


def charts_of_a_search(app: AppTest) -> list[str]:
    return [chart.key for chart in app.get("plotly_chart") if chart.key.startswith("search")]


def test_trials_of_a_search_are_charts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any(box.key == "search" for box in run_script(SHOW).selectbox)
    search(trials=6)
    app = run_script(SHOW)
    # Nothing is read until a search is chosen.
    assert app.selectbox(key="search").options == ["best"]
    assert charts_of_a_search(app) == []
    app.selectbox(key="search").set_value("best").run()
    assert not app.exception
    assert charts_of_a_search(app) == ["search_trials"]
    assert "from 10 complete trials on" in texts(app, "caption")
    monkeypatch.setattr("mnist_core.tuning.result.MIN_TRIALS", 4)
    app.run()
    assert charts_of_a_search(app) == ["search_trials", "search_importance"]
    assert "matters most, with" in texts(app, "caption")

    monkeypatch.setenv("MNIST_SEARCHES", "postgresql://me:secret@127.0.0.1:1/searches")
    app.run()
    assert "database cannot be used" in app.error[0].value
    assert "secret" not in app.error[0].value


def test_corrections_can_be_included(
    started: list[TrainingConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_CORRECTIONS", str(tmp_path / "corrections.sqlite3"))
    app = run_script(SHOW)
    assert app.checkbox(key="train_corrections").disabled
    CorrectionStore().add(make_correction())
    app = run_script(SHOW)
    box = app.checkbox(key="train_corrections")
    assert not box.disabled
    assert "(1)" in box.label
    box.set_value(True).run()
    app.button(key="train_start").click().run()
    assert not app.exception
    assert started[0].include_corrections


def test_other_formats_say_what_they_are_worth(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats.KerasProcess, "call", lambda *_: (b"a file", 0.9744))
    # Closed, the panel reads no files.
    with monkeypatch.context() as patch:
        patch.setattr("pages.train.models.known_accuracy", lambda *_: pytest.fail("read"))
        assert not run_script(SHOW, shelf="mlp").exception
    # AppTest cannot press a popover: set what the press sets.
    app = run_script(SHOW, shelf="mlp", shelf_formats=True)
    assert app.button(key="shelf_as_int8").label == "LiteRT, 8 bits"
    assert "MNIST test accuracy **97.44%**" not in texts(app, "caption")
    app.button(key="shelf_as_micro").click().run()
    assert not app.exception
    app.run()
    assert "MNIST test accuracy **97.44%**, 0.67% less than LiteRT" in texts(app, "caption")

    # The champion's LiteRT file has 8 bits.
    app.selectbox(key="shelf").set_value("champion").run()
    assert "shelf_as_int8" not in [button.key for button in app.button]
    assert "97.44%" not in texts(app, "caption")

    # Without TensorFlow, what was made before is still there.
    monkeypatch.setattr("pages.train.models.tensorflow_problem", lambda purpose: f"{purpose}: no")
    app.selectbox(key="shelf").set_value("mlp").run()
    keys = [button.key for button in app.button]
    assert ("shelf_as_micro" in keys, "shelf_as_onnx" in keys) == (True, False)
    assert "Converting models" in texts(app, "info")


def test_model_is_renamed_and_deleted(models: Path) -> None:
    app = run_script(SHOW)
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


def test_bundled_models_cannot_be_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MNIST_MODELS")
    app = run_script(SHOW)
    assert "shelf_delete" not in [button.key for button in app.button]
    assert "Bundled models cannot be" in texts(app, "caption")


def test_run_starts_and_is_cancelled_at_once() -> None:
    app = run_script(SHOW)
    app.button(key="train_start").click().run()
    app.button(key="train_cancel").click().run()
    assert not app.exception
    (run,) = list_runs()
    end = time.monotonic() + 60
    while run.state != "cancelled":
        assert time.monotonic() < end, run.state
        time.sleep(0.1)
    assert find_run(run.id).outcome
    assert not any(card.name == "my-cnn-1" for card in list_models())


def test_model_is_fine_tuned_on_corrections(
    started: list[TrainingConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_CORRECTIONS", str(tmp_path / "corrections.sqlite3"))
    assert not [button for button in run_script(SHOW).button if button.key == "teach"]
    CorrectionStore().add(make_correction(1))
    app = run_script(SHOW)
    app.selectbox("teach_model").set_value("cnn")
    app.button("teach").click().run()
    assert not app.exception
    (config,) = started
    assert (config.architecture, config.initial_model, config.name) == ("cnn", "cnn", "my-cnn-1")
    assert config.include_corrections
    assert config.resolved().epochs == 1


@pytest.mark.parametrize(
    ("typed", "rate"), [("0,5", 0.5), ("0.002", 0.002), ("0,05x", None), ("2", None), ("", None)]
)
def test_start_trains_with_the_learning_rate_that_it_names_or_not_at_all(
    typed: str, rate: float | None, started: list[TrainingConfig]
) -> None:
    app = open_form("mlp")
    app.text_input(key="train_rate_mlp_quick").set_value(typed).run()
    app.button(key="train_start").click().run()
    assert not app.exception
    assert [config.learning_rate for config in started] == ([] if rate is None else [rate])
    said = [caption.value for caption in app.caption if "learning rate" in caption.value]
    assert [text.endswith(f"learning rate {rate:g}") for text in said] == [True] * len(started)
    assert ["the learning rate" in error.value for error in app.error[1:]] == [True] * (
        rate is None
    )


def test_nearly_full_disk_is_said_before_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnist_core.storage.limits.free_bytes", lambda folder: 15 * 10**8)
    assert any("1.5 GB are free" in one.value for one in run_script(SHOW).warning)


def test_damaged_model_is_named_and_the_others_are_shown(models: Path) -> None:
    (models / "mine" / CARD).write_bytes(b"{")
    app = run_script(SHOW)
    assert ["mine" in one.value for one in app.warning] == [True]
    assert "mine" not in app.selectbox(key="shelf").options
    assert app.selectbox(key="shelf").options
