"""The roles, and section [access] of the secrets or $MNIST_ACCESS."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.runtime.secrets import Secrets

from mnist_core import MnistError
from pages.widgets import access
from pages.widgets.access import AccessSettings, Role, access_settings, check_login

PEOPLE = {"people": ["@school.example", "Guest@other.example"], "owners": ["head@school.example"]}


@pytest.mark.parametrize(
    ("settings", "person", "role"),
    [
        ({}, {}, Role.MEMBER),
        ({"mode": "shared"}, {}, Role.OWNER),
        ({"mode": "read-only"}, {}, Role.VISITOR),
        ({"mode": "read-only"}, {"local": True}, Role.OWNER),
        ({"mode": "login"}, {}, Role.VISITOR),
        ({"mode": "login"}, {"local": True}, Role.OWNER),
        ({"mode": "login"}, {"email": "ann@school.example"}, Role.VISITOR),  # did not log in
        ({"mode": "login"}, {"logged_in": True}, Role.MEMBER),
        ({"mode": "login"} | PEOPLE, {"logged_in": True}, Role.VISITOR),
        *(
            ({"mode": "login"} | PEOPLE, {"logged_in": True, "email": email}, role)
            for email, role in (
                ("ann@school.example", Role.MEMBER),
                ("guest@other.example", Role.MEMBER),
                ("head@school.example", Role.OWNER),
                ("ann@other.example", Role.VISITOR),
                ("ann@notschool.example", Role.VISITOR),
                ("ann@school.example.other", Role.VISITOR),
            )
        ),
    ],
)
def test_role(settings: dict[str, object], person: dict[str, object], role: Role) -> None:
    assert AccessSettings(**settings).role(**({"local": False} | person)) is role


@pytest.mark.parametrize(
    ("configured", "message"),
    [
        ({"mode": "closed"}, "must be one of: open, shared, read-only, login. Received: 'closed'"),
        ({"users": []}, r"may set mode, people, owners. Received: \['users'\]"),
        ({"people": ["@school.example"]}, "needs mode = \"login\".*Received: mode = 'open'"),
        ({"mode": "login", "people": "@school.example"}, "must be a list of e-mail addresses"),
        ({"mode": "login", "owners": ["head"]}, r"Received: \['head'\]"),
    ],
)
def test_wrong_settings_are_refused(
    configured: dict[str, object], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_ACCESS", json.dumps(configured))
    with pytest.raises(MnistError, match=message):
        access_settings()


def use_secrets(monkeypatch: pytest.MonkeyPatch, path: Path, text: str) -> None:
    path.write_text(text)
    secrets = Secrets()
    monkeypatch.setattr(st, "secrets", secrets)
    monkeypatch.setattr("streamlit.auth_util.secrets_singleton", secrets)
    monkeypatch.setattr("streamlit.config.get_option", {"secrets.files": [str(path)]}.get)


def test_login_needs_a_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = AccessSettings(mode="login")
    use_secrets(monkeypatch, tmp_path / "secrets.toml", '[auth]\nredirect_uri = "x"\n')
    with pytest.raises(MnistError, match=r"needs a login provider.*missing the \"cookie_secret"):
        check_login(settings)
    check_login(AccessSettings())  # needs none
    complete = (
        '[auth]\nredirect_uri = "https://lab.example/oauth2callback"\ncookie_secret = "x"\n'
        'client_id = "x"\nclient_secret = "x"\nserver_metadata_url = "https://login.example/x"\n'
    )
    use_secrets(monkeypatch, tmp_path / "complete.toml", complete)
    check_login(settings)
    monkeypatch.setattr(access, "is_authlib_installed", lambda: False)
    with pytest.raises(MnistError, match=r"Authlib.*pip install"):
        check_login(settings)


@pytest.mark.parametrize(
    ("user", "email", "subject"),
    [
        ({}, "", ""),
        ({"is_logged_in": False}, "", ""),
        (
            {"is_logged_in": True, "email": "Ann@School.example", "iss": "i", "sub": "7"},
            "ann@school.example",
            "i 7",
        ),
        (
            {"is_logged_in": True, "email": "a@b.c", "email_verified": False, "sub": "7"},
            "",
            "None 7",
        ),
    ],
)
def test_address_that_the_provider_doubts_counts_as_none(
    user: dict[str, object], email: str, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(st, "user", SimpleNamespace(to_dict=lambda: user))
    assert (access.email(), access.subject()) == (email, subject)
