"""Sections of `.streamlit/secrets.toml` that are the server's settings; or `$MNIST_…`, as JSON.

Streamlit warns of sections that it does not know in `config.toml`, but not in `secrets.toml`, where
tokens belong anyway.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

import streamlit as st

from mnist_core import MnistError

__all__ = ["read_settings"]

T = TypeVar("T")


def read_settings(kind: type[T], section: str) -> T:
    """The settings from the environment or the secrets, else the defaults.

    Args:
        kind: a dataclass; a setting is a field of it.
        section: "api" is section `[api]` and the variable `$MNIST_API`.

    Raises:
        MnistError: a setting is unknown or has a wrong value.
    """
    configured: Any
    variable = f"MNIST_{section.upper()}"
    if text := os.environ.get(variable):
        where = f"${variable}"
        try:
            configured = json.loads(text)
        except json.JSONDecodeError as error:
            raise MnistError(f"{where} is not valid JSON ({error}).") from error
    else:
        where = f"[{section}] in secrets.toml"
        # Accessing a secret without a secrets file is an error.
        configured = st.secrets.get(section, {}) if st.secrets.load_if_toml_exists() else {}
    known = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    if not isinstance(configured, Mapping) or set(configured) - set(known):
        received = sorted(configured) if isinstance(configured, Mapping) else type(configured)
        raise MnistError(f"{where} may set {', '.join(known)}. Received: {received}")
    try:
        return kind(**configured)
    except MnistError as error:
        raise MnistError(f"{where}: {error}") from error
