"""Runs on disk, and their state after anything that can happen to their process."""

from __future__ import annotations

import errno
import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cards import make_card
from support.processes import start_process
from support.runs import hold

from mnist_core import TrainingConfig, TrainingError
from mnist_core.registry.card import write_card
from mnist_core.registry.staging import staged_model
from mnist_core.runs.run import Outcome, Run
from mnist_core.runs.store import begin_run, find_run, list_runs, new_run, reopen_run
from mnist_core.storage.files import write_json
from mnist_core.storage.paths import runs_directory
from mnist_core.training.events import EpochEnd, Message

pytestmark = pytest.mark.usefixtures("runs", "own_models")
MLP = TrainingConfig(architecture="mlp", name="mine")


def save_model(models: Path, name: str, **changes: object) -> None:
    with staged_model(name, models) as stage:
        write_card(make_card(name, **changes), stage)


def interrupt(run: Run, epochs: int = 2) -> Run:
    """Make a run look as if its process had been killed after some epochs."""
    run.set_phase("running")
    run.checkpoints.mkdir(exist_ok=True)
    state = {"history": {"loss": [1.0] * epochs}}
    (run.checkpoints / "state.json").write_text(json.dumps(state))
    return run


def test_list_runs_is_empty_without_runs(runs: Path) -> None:
    assert list_runs() == []
    assert not runs.exists()
    runs.mkdir()
    (runs / "notes").mkdir()
    (runs / "20260101-000000-half").mkdir()  # no config.json: just being created
    assert list_runs() == []


def test_new_run_is_queued_until_its_process_is_overdue() -> None:
    run = new_run(MLP)
    assert (run.state, run.is_active, run.has_process) == ("queued", True, False)
    assert run.config == MLP.resolved()
    assert (run.events(), run.log_end(), run.epochs_done, run.outcome) == ([], "", 0, None)
    assert find_run(run.id) == run
    write_json(
        run.folder / "process.json", {"phase": "starting", "since": time.time() - 61, "ticket": 1}
    )
    assert run.state == "interrupted"


@pytest.mark.parametrize("phase", ["queued", "running", "saving"])
def test_run_is_active_while_its_process_lives(phase: str) -> None:
    run = new_run(MLP)
    process = start_process(hold, run.folder, phase)
    assert process.message() == "locked"
    assert run.state == phase
    assert run.process.pid == process.pid
    with pytest.raises(TrainingError, match="another process"), run.lock():
        pytest.fail("locked twice")
    with pytest.raises(TrainingError, match="Cancel it first"):
        run.delete()
    process.kill()
    assert run.state == "interrupted"
    # The number may belong to another process by now.
    (run.folder / "process.json").write_text(json.dumps({"pid": os.getpid(), "phase": "running"}))
    assert not run.has_process
    with run.lock():
        assert run.has_process
    run.delete()
    assert list_runs() == []


@pytest.mark.parametrize("state", ["done", "cancelled", "failed"])
def test_finish_records_the_outcome(state: str) -> None:
    run = new_run(MLP)
    card = make_card("mine") if state == "done" else None
    run.finish(Outcome(state=state, text="why", card=card))
    assert run.state == state
    assert run.outcome == Outcome(state=state, text="why", card=card)


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "null", '{"state": "done"}', '{"card": 3}'),
        '{"phase": "starting", "pid": "x", "ticket": [], "since": "now"}',
    ],
)
def test_run_ignores_damaged_files(content: str) -> None:
    run = new_run(MLP)
    for name in ("outcome.json", "process.json", "request.json"):
        (run.folder / name).write_text(content)
    assert run.state == "interrupted"
    assert run.outcome is None
    assert run.process.ticket == 0
    (run.folder / "config.json").write_text(content)
    with pytest.raises(TrainingError, match="Received"):
        _ = run.config
    other = new_run(MLP)  # a damaged run blocks no name
    assert {found.id for found in list_runs()} == {run.id, other.id}


@given(cut=st.integers(0, 400), noise=st.binary(max_size=40))
def test_events_are_read_up_to_an_incomplete_line(
    tmp_path_factory: pytest.TempPathFactory, cut: int, noise: bytes
) -> None:
    run = Run(tmp_path_factory.mktemp("run"))
    end = EpochEnd(
        epoch=1, epochs=2, loss=1.0, accuracy=0.5, val_loss=1.0, val_accuracy=0.5, seconds=1.0
    )
    written = [Message(text="one"), end, Message(text="two")]
    for event in written:
        run.report(event)
    path = run.folder / "events.jsonl"
    path.write_bytes(path.read_bytes()[:cut] + noise)
    events = run.events()
    complete = path.read_bytes()[:cut].count(b"\n")
    assert events[: min(complete, 3)] == written[: min(complete, 3)]


@pytest.mark.parametrize("run_id", ["", ".", "..", "../x", "nothing", "20260101-000000-none", None])
def test_find_run_explains_an_unknown_id(run_id: str) -> None:
    with pytest.raises(TrainingError, match="no such run") as error:
        find_run(run_id)
    assert repr(run_id) in str(error.value)


def test_new_run_refuses_a_taken_name_unless_overwriting(own_models: Path) -> None:
    save_model(own_models, "mine")
    with pytest.raises(TrainingError, match="already exists"):
        new_run(MLP)
    assert list_runs() == []
    assert new_run(TrainingConfig(architecture="mlp", name="mine", overwrite=True)).is_active


def test_new_run_refuses_a_name_that_is_being_trained() -> None:
    start = threading.Barrier(8)

    def begin(_: int) -> str:
        start.wait()
        try:
            return new_run(MLP).id
        except TrainingError as error:
            assert "being trained now" in str(error)
            return ""

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(begin, range(8)))
    assert sum(map(bool, made)) == 1
    assert len(list_runs()) == 1


def test_new_run_has_a_unique_id_within_a_second() -> None:
    first = new_run(MLP)
    first.finish(Outcome(state="cancelled"))
    second = new_run(MLP)
    assert first.id != second.id
    assert first.process.ticket < second.process.ticket


def test_begin_run_resumes_an_interrupted_run_of_the_same_settings() -> None:
    run = interrupt(new_run(MLP))
    assert run.state == "interrupted"
    other = begin_run(TrainingConfig(architecture="mlp", name="other"))
    assert other != run
    again = begin_run(MLP)
    assert again == run
    assert run.is_active
    # While the run is active, the same settings are refused.
    with pytest.raises(TrainingError, match="being trained now"):
        begin_run(MLP)


@pytest.mark.parametrize("state", ["cancelled", "failed", "interrupted"])
def test_reopen_run_accepts_a_stopped_run_once(state: str) -> None:
    run = interrupt(new_run(MLP))
    run.request_stop(keep=False)
    if state != "interrupted":
        run.finish(Outcome(state=state, text="why"))
    reopen_run(run)
    assert run.state == "queued"
    assert run.stop_requested is None
    with pytest.raises(TrainingError, match="Only a run that has stopped"):
        reopen_run(run)


def test_reopen_run_refuses_a_run_that_is_done() -> None:
    run = new_run(MLP)
    run.finish(Outcome(state="done", card=make_card("mine")))
    with pytest.raises(TrainingError, match="done"):
        reopen_run(run)


def test_reopen_run_leaves_a_trial_to_its_search() -> None:
    run = interrupt(new_run(MLP))
    assert run.search is None
    run.record_search("best")
    assert run.search == "best"
    with pytest.raises(TrainingError, match="a trial of 'best'"):
        reopen_run(run)
    # The search itself begins it again.
    assert begin_run(MLP) == run


def test_reopen_run_replaces_only_its_own_model(own_models: Path) -> None:
    run = interrupt(new_run(MLP))
    card = make_card("mine", created="2026-02-03T04:05:06+00:00")
    run.record_model(card)
    assert not run.has_own_model()
    save_model(own_models, "mine", created=card.created)
    assert run.has_own_model()
    reopen_run(run)
    run.finish(Outcome(state="cancelled"))
    run.record_model(make_card("mine", created="2026-01-01T00:00:01+00:00"))
    assert not run.has_own_model()
    with pytest.raises(TrainingError, match="already exists"):
        reopen_run(run)


def test_run_on_a_full_disk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = new_run(MLP)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    run.finish(Outcome(state="failed", text="why"))
    assert run.outcome is None
    assert not list(run.folder.glob("*.new"))
    with pytest.raises(TrainingError, match="No space left"):
        new_run(TrainingConfig(architecture="mlp", name="other"))
    assert len(list_runs()) == 1


def test_new_run_explains_a_folder_that_cannot_be_written(runs: Path) -> None:
    runs.write_text("a file")
    with pytest.raises(TrainingError, match="cannot be saved") as error:
        new_run(MLP)
    assert str(runs) in str(error.value)
    assert list_runs() == []


def test_log_end_is_short() -> None:
    run = new_run(MLP)
    run.log.write_bytes(b"".join(b"line %d \xff\n" % number for number in range(10_000)))
    lines = run.log_end().splitlines()
    assert len(lines) == 12
    assert lines[-1].startswith("line 9999")


def test_runs_directory_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_RUNS", "/somewhere")
    assert runs_directory() == Path("/somewhere")
    monkeypatch.setenv("MNIST_RUNS", "")
    assert (runs_directory().name, runs_directory().is_absolute()) == ("runs", True)


def test_has_process_does_not_block_the_lock() -> None:
    run = new_run(MLP)
    end = time.monotonic() + 1.5

    def look(_: int) -> None:
        while time.monotonic() < end:
            _ = run.has_process

    with ThreadPoolExecutor(4) as pool:
        looking = pool.map(look, range(4))
        for _ in range(5):
            with run.lock():
                assert run.has_process
        list(looking)


def test_new_run_deletes_the_oldest_that_are_done(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [new_run(TrainingConfig(architecture="mlp", name=f"run-{n}")) for n in range(4)]
    for run, state in zip(made, ("cancelled", "done", "done", "done"), strict=True):
        (run.folder / "large").write_bytes(bytes(4_000_000))
        run.finish(Outcome(state=state))
    stamps = ["20260101", "20260102", "20260103", "20260104"]
    for run, stamp in zip(made, stamps, strict=True):
        run.folder.rename(runs / f"{stamp}-000000-{run.config.name}")
    monkeypatch.setenv("MNIST_RUNS_GB", "0.0101")
    new = new_run(MLP)
    assert {run.config.name for run in list_runs()} == {"run-0", "run-3", "mine"}
    assert new.is_active


def test_new_run_is_refused_where_the_others_take_too_much(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = interrupt(new_run(MLP))
    (run.folder / "large").write_bytes(bytes(11_000_000))
    monkeypatch.setenv("MNIST_RUNS_GB", "0.01")
    with pytest.raises(TrainingError, match=r"take 0\.01 GB of 0\.01. Delete runs"):
        new_run(TrainingConfig(architecture="mlp", name="another"))
    assert list_runs() == [run]
