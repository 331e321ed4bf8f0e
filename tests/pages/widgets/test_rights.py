"""Who may stop, rename and delete what, and how much a visitor may start."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import streamlit as st

from mnist_core import TrainingConfig, TrainingError
from mnist_core.registry.store import load_card
from mnist_core.runs.run import Run
from mnist_core.runs.store import new_run
from pages.widgets import rights
from pages.widgets.rights import Action, NotAllowedError


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


def use_mode(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    settings = {"mode": mode}
    if mode == "login":
        settings |= {"people": ["@school.example"], "owners": ["head@school.example"]}
    monkeypatch.setenv("MNIST_ACCESS", json.dumps(settings))


def log_in(monkeypatch: pytest.MonkeyPatch, email: str | None) -> None:
    user = {"is_logged_in": True, "iss": "login.example", "sub": email, "email": email}
    user = user if email else {"is_logged_in": False}
    monkeypatch.setattr(st, "user", SimpleNamespace(to_dict=lambda: user))


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
    use_mode(monkeypatch, "shared")
    assert rights.may_change_run(other)
    assert rights.may_change_model("other")
    use_mode(monkeypatch, "read-only")
    assert not rights.may_change_run(mine)
    assert not rights.may_change_model("renamed")


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


def test_person_keeps_what_is_theirs_in_a_new_session(
    state: dict[str, object], runs: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_mode(monkeypatch, "login")
    log_in(monkeypatch, "ann@school.example")
    mine = new_run(TrainingConfig(architecture="cnn", name="cnn", overwrite=True))
    rights.own(mine)
    mine.record_model(load_card("cnn", models))
    state.clear()
    assert rights.may_change_run(mine)
    assert rights.may_change_model("cnn")
    assert not rights.may_change_model("mlp")
    assert "ann" not in (mine.folder / "owner.json").read_text()
    log_in(monkeypatch, "ben@school.example")
    assert not rights.may_change_run(mine)
    assert not rights.may_change_model("cnn")
    log_in(monkeypatch, None)
    assert not rights.may_change_run(mine)


@pytest.mark.parametrize(
    ("mode", "email", "allowed", "reason"),
    [
        ("open", None, "READ LOOK TRAIN UPLOAD CORRECT CHANGE_OWN", "Others have started this"),
        ("shared", None, "READ LOOK TRAIN UPLOAD CORRECT CHANGE_OWN CHANGE_ALL", ""),
        ("read-only", None, "READ LOOK", "read-only for its visitors. Its owner can"),
        ("login", None, "READ LOOK", "needs a login. Press *Log in* in the sidebar."),
        (
            "login",
            "eve@other.example",
            "READ LOOK",
            "log in with another account. Yours: eve@other.example",
        ),
        ("login", "ann@school.example", "READ LOOK TRAIN UPLOAD CORRECT CHANGE_OWN", "Others"),
        (
            "login",
            "head@school.example",
            "READ LOOK TRAIN UPLOAD CORRECT CHANGE_OWN CHANGE_ALL",
            "",
        ),
    ],
)
def test_mode_allows_and_refuses_with_a_reason(
    state: dict[str, object],
    runs: Path,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    email: str | None,
    allowed: str,
    reason: str,
) -> None:
    use_mode(monkeypatch, mode)
    log_in(monkeypatch, email)
    assert {action.name for action in Action if rights.may(action)} == set(allowed.split())
    for action in Action:
        assert bool(rights.refusal(action)) == (action.name not in allowed.split())
    assert reason in rights.change_refusal()
    if "TRAIN" not in allowed:
        with pytest.raises(NotAllowedError, match="Training "):
            rights.check_start()


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
        "mnist_core.storage.limits.shutil.disk_usage", lambda path: SimpleNamespace(free=5 * 10**8)
    )
    with pytest.raises(TrainingError, match=r"nearly full: 0\.5 GB are free"):
        rights.check_start()
