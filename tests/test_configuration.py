"""The settings with which the server starts unless somebody asks otherwise."""

from __future__ import annotations

import tomllib

import pytest

from mnist_core.storage.paths import PROJECT

CONFIGURATION = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text("utf-8"))


@pytest.mark.parametrize(
    ("section", "option", "value"),
    [
        ("server", "address", "localhost"),
        ("server", "allowedHosts", ["localhost", "127.0.0.1", "::1"]),
        ("server", "maxUploadSize", 64),
        ("client", "showErrorDetails", "none"),
        ("browser", "gatherUsageStats", False),
    ],
)
def test_server_is_closed_by_default(section: str, option: str, value: object) -> None:
    assert CONFIGURATION[section][option] == value
