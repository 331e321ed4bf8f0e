"""Runs and searches on the Train tab, without a browser."""

from __future__ import annotations

import json
import time

import pytest
from streamlit.testing.v1 import AppTest
from support.apps import run_script, texts
from support.cards import make_card
from support.searches import search

from mnist_core import TrainingConfig, list_models
from mnist_core.networks.blocks.block import BLOCKS
from mnist_core.networks.blocks.kinds import Convolution, Pooling
from mnist_core.networks.blocks.plan import OUTPUT
from mnist_core.runs import jobs
from mnist_core.runs.run import Outcome, Run
from mnist_core.runs.store import find_run, list_runs, new_run
from mnist_core.training.events import BatchEnd, EpochEnd

pytestmark = pytest.mark.usefixtures("runs", "mine")
SHOW = "from pages.train import tab; tab.show()"


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
