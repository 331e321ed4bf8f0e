"""Who may do what. The pages ask this module alone; docs/SECURITY.md has its tables.

A role (see `access`) allows actions; a member may change what the member has started, on the page
that is open or, after a login, at any time.
"""

import hashlib
from collections.abc import Mapping
from enum import Enum

import streamlit as st

from mnist_core import MnistError, TrainingError
from mnist_core.runs.run import Run
from mnist_core.runs.store import list_runs
from mnist_core.storage import limits
from mnist_core.storage.paths import models_directory, runs_directory
from pages.widgets import access
from pages.widgets.access import Role, access_settings

__all__ = [
    "Action",
    "NotAllowedError",
    "change_refusal",
    "check",
    "check_start",
    "is_direct",
    "is_local",
    "may",
    "may_change_model",
    "may_change_run",
    "own",
    "own_model",
    "refusal",
    "role",
]

# So many active runs a visitor may have, and all together: a waiting one is a process of 58 MB.
OWN_RUNS, ALL_RUNS = 3, 30
# A proxy on this machine makes distant visitors look local; these headers tell of it.
_PROXY_HEADERS = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip")
_RUNS, _MODELS = "own_runs", "own_models"


class Action(Enum):
    """What somebody may do: what it is called, what it includes, and the lowest role for it."""

    READ = ("Reading", "draw, read pictures, use the webcam", Role.VISITOR)
    LOOK = (
        "Looking",
        "watch trainings, evaluate on the built-in sets, save models and reports",
        Role.VISITOR,
    )
    TRAIN = ("Training", "start and resume trainings, fine-tune", Role.MEMBER)
    UPLOAD = ("Uploading labeled images", "evaluate models on them", Role.MEMBER)
    CORRECT = (
        "Correcting",
        "save, see, change, export, import and evaluate corrections; review labels",
        Role.MEMBER,
    )
    CHANGE_OWN = (
        "Changing models and runs",
        "stop and delete own runs; rename, replace and delete own models",
        Role.MEMBER,
    )
    CHANGE_ALL = (
        "Changing models and runs of others",
        "stop and delete all runs; rename, replace and delete all models but the bundled ones",
        Role.OWNER,
    )

    def __init__(self, title: str, includes: str, lowest: Role) -> None:
        self.title, self.includes, self.lowest = title, includes, lowest


class NotAllowedError(MnistError):
    """The visitor may not do this; the message says why and what to do."""


def is_direct(headers: Mapping[str, str]) -> bool:
    """Did a request with these headers, whose names may be in any case, come without a proxy?"""
    return not {name.lower() for name in headers} & {name.lower() for name in _PROXY_HEADERS}


def is_local() -> bool:
    """Does the visitor's browser run on this machine?"""
    return st.context.ip_address is None and is_direct(st.context.headers)


def role() -> Role:
    """The visitor's role.

    Raises:
        MnistError: a setting is wrong.
    """
    return access_settings().role(
        local=is_local(), logged_in=bool(access.subject()), email=access.email()
    )


def may(action: Action) -> bool:
    """May this visitor do this?"""
    return role() >= action.lowest


def refusal(action: Action) -> str:
    """Why this visitor may not do this, and what to do; "" if allowed."""
    if may(action):
        return ""
    if action is Action.CHANGE_ALL and may(Action.CHANGE_OWN):
        return (
            "Others have started this. You can change what you have started, and the owner of "
            "this server everything."
        )
    if access_settings().mode == "read-only":
        return (
            f"{action.title} is off here: this server is read-only for its visitors. Its owner can "
            "do it on the machine that runs the app; or run the app on your own machine."
        )
    if not access.subject():
        return f"{action.title} needs a login. Press *Log in* in the sidebar."
    account = access.email() or "without a confirmed e-mail address"
    return (
        f"{action.title} is for the people whom the owner of this server has listed. Ask to be "
        f"added, or log in with another account. Yours: {account}"
    )


def change_refusal() -> str:
    """Why this visitor may not change what others have started; "" if allowed."""
    return refusal(Action.CHANGE_OWN) or refusal(Action.CHANGE_ALL)


def check(action: Action) -> None:
    """Check that this visitor may do this.

    Raises:
        NotAllowedError: no.
    """
    if reason := refusal(action):
        raise NotAllowedError(reason)


def own(run: Run) -> None:
    """Remember that this visitor has started this run."""
    st.session_state.setdefault(_RUNS, set()).add(run.id)
    if person := _person():
        run.record_owner(person)


def own_model(name: str) -> None:
    """Remember that this model is this visitor's, under a new name."""
    st.session_state.setdefault(_MODELS, set()).add(name)


def may_change_run(run: Run) -> bool:
    """May this visitor stop and delete this run?"""
    return may(Action.CHANGE_ALL) or (may(Action.CHANGE_OWN) and _is_own(run))


def may_change_model(name: str) -> bool:
    """May this visitor rename, replace and delete this model?"""
    if may(Action.CHANGE_ALL):
        return True
    if not may(Action.CHANGE_OWN):
        return False
    return name in st.session_state.get(_MODELS, ()) or any(
        _has_saved(run, name) for run in list_runs() if _is_own(run)
    )


def check_start() -> None:
    """Check that this visitor may start a training now.

    Raises:
        NotAllowedError: the visitor may not train.
        TrainingError: there are too many trainings, or the disk is nearly full.
    """
    check(Action.TRAIN)
    active = [run for run in list_runs() if run.is_active]
    if not is_local() and sum(map(_is_own, active)) >= OWN_RUNS:
        raise TrainingError(
            f"You may have {OWN_RUNS} trainings at a time. Wait until one ends, or cancel one."
        )
    if len(active) >= ALL_RUNS:
        raise TrainingError(f"{len(active)} trainings are waiting. Wait until some have ended.")
    for folder in (runs_directory(), models_directory()):
        if (free := limits.free_bytes(folder)) < limits.FREE_BYTES:
            raise TrainingError(
                f"The disk is nearly full: {free / 1e9:.1f} GB are free. Delete runs or models, or "
                f"make room. Received: {folder}"
            )


def _is_own(run: Run) -> bool:
    person = _person()
    return run.id in st.session_state.get(_RUNS, ()) or bool(person and run.owner == person)


def _person() -> str:
    """Who has logged in, as a number that does not tell the name; "" without a login."""
    subject = access.subject()
    return hashlib.sha256(subject.encode()).hexdigest() if subject else ""


def _has_saved(run: Run, name: str) -> bool:
    try:
        return run.config.name == name and run.has_own_model()
    except MnistError:  # the run is damaged
        return False
