"""Who may stop, rename and delete what, and how much a visitor may start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import streamlit as st

from mnist_core import MnistError, TrainingConfig, TrainingError
from mnist_core.runs.run import Run
from mnist_core.runs.store import new_run
from pages.widgets import rights


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, object]]:
    """The session state of a visitor from another machine."""
    state: dict[str, object] = {}
    monkeypatch.setattr(st, "session_state", state)
    visit(monkeypatch, "192.168.1.30")
    yield state


def visit(monkeypatch: pytest.MonkeyPatch, address: str | None, **headers: str) -> None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    monkeypatch.setattr(st, "context", SimpleNamespace(ip_address=address, headers=named))


def run(name: str) -> Run:
    return new_run(TrainingConfig(architecture="mlp", name=name))


def test_visitor_may_change_only_what_this_visitor_has_started(
    state: dict[str, object], runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = run("mine"), run("other")
    rights.own(mine)
    rights.own_model("renamed")
    assert rights.may_change_run(mine)
    assert not rights.may_change_run(other)
    assert rights.may_change_model("renamed")
    assert not rights.may_change_model("other")
    assert not rights.may_change_model("mine")  # not trained yet: a model of that name is another's
    monkeypatch.setenv(rights.VARIABLE, "all")
    assert rights.may_change_run(other)
    assert rights.may_change_model("other")


@pytest.mark.parametrize(
    ("address", "headers", "local"),
    [
        (None, {}, True),
        (None, {"Host": "localhost:8501"}, True),
        (None, {"X_Forwarded_For": "203.0.113.9"}, False),
        (None, {"Forwarded": "for=203.0.113.9"}, False),
        ("192.168.1.30", {}, False),
    ],
)
def test_visitor_on_the_machine_itself_may_change_everything(
    state: dict[str, object],
    runs: Path,
    monkeypatch: pytest.MonkeyPatch,
    address: str | None,
    headers: dict[str, str],
    local: bool,
) -> None:
    visit(monkeypatch, address, **headers)
    assert rights.is_local() is local
    assert rights.may_change_run(run("other")) is local


def test_wrong_switch_is_refused(
    state: dict[str, object], runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(rights.VARIABLE, "everybody")
    with pytest.raises(MnistError, match="MNIST_CONTROL must be one of: own, all"):
        rights.may_change_model("mine")


def test_trainings_of_one_visitor_and_of_all_are_limited(
    state: dict[str, object], runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Run, "is_active", property(lambda self: True))
    for number in range(rights.OWN_RUNS):
        rights.check_start()
        rights.own(run(f"mine-{number}"))
    with pytest.raises(TrainingError, match="You may have 3 trainings at a time"):
        rights.check_start()
    visit(monkeypatch, None)
    rights.check_start()  # on the machine itself
    visit(monkeypatch, "192.168.1.31")
    state.clear()
    rights.check_start()  # another visitor
    monkeypatch.setattr(rights, "ALL_RUNS", 3)
    with pytest.raises(TrainingError, match="3 trainings are waiting"):
        rights.check_start()


def test_full_disk_is_said_before_a_training(
    state: dict[str, object], runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "pages.widgets.rights.shutil.disk_usage", lambda path: SimpleNamespace(free=5 * 10**8)
    )
    with pytest.raises(TrainingError, match=r"nearly full: 0\.5 GB are free"):
        rights.check_start()
