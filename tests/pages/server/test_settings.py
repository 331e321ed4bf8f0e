"""Section [api] of the secrets, and $MNIST_API."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.runtime.secrets import Secrets

from mnist_core import MnistError
from pages.server.settings import ApiSettings, api_settings
from pages.widgets import settings

TOKEN = "a-token-of-24-characters"


@pytest.fixture(autouse=True)
def _no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """This computer's own settings are not those of the tests."""
    monkeypatch.delenv("MNIST_API", raising=False)
    use_secrets(monkeypatch, Path("no-such-file.toml"))


def use_secrets(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(settings.st, "secrets", Secrets())
    monkeypatch.setattr("streamlit.config.get_option", {"secrets.files": [str(path)]}.get)


def test_default_is_for_this_machine() -> None:
    assert api_settings() == ApiSettings(access="local", token="", readings_per_second=10)


def test_environment_sets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_API", json.dumps({"access": "token", "token": TOKEN}))
    assert api_settings() == ApiSettings(access="token", token=TOKEN)


def test_secrets_file_sets_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secrets.toml"
    path.write_text('[api]\naccess = "open"\nreadings_per_second = 2.5\n')
    use_secrets(monkeypatch, path)
    assert api_settings() == ApiSettings(access="open", readings_per_second=2.5)


@pytest.mark.parametrize(
    ("configured", "message"),
    [
        ("not json", "not valid JSON"),
        ("[]", "may set access, token, readings_per_second. Received: <class 'list'>"),
        ('{"enabled": true}', r"may set .* Received: \['enabled'\]"),
        ('{"access": "everybody"}', "must be one of: local, token, open, off. Received: 'ever"),
        ('{"access": true}', "must be one of"),
        ('{"access": "token"}', "at least 16 characters.*Received: 0 characters"),
        ('{"access": "token", "token": "123"}', "Received: 3 characters"),
        ('{"access": "token", "token": 1234567890123456}', "text in quotes"),
        ('{"access": "open", "token": "a-token-of-24-characters"}', 'needs access = "token"'),
        ('{"readings_per_second": 0}', "number from 0.1 to 10000. Received: 0"),
        ('{"readings_per_second": "many"}', "number from 0.1 to 10000. Received: 'many'"),
    ],
)
def test_wrong_settings_are_explained(
    monkeypatch: pytest.MonkeyPatch, configured: str, message: str
) -> None:
    monkeypatch.setenv("MNIST_API", configured)
    with pytest.raises(MnistError, match=message) as caught:
        api_settings()
    assert "$MNIST_API" in str(caught.value)
    assert TOKEN not in str(caught.value), "a token must not reach a log"
