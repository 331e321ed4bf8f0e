"""Who counts as what: the roles, and section `[access]` of the secrets or `$MNIST_ACCESS`.

VISITOR  may read and look
MEMBER   may also train, upload, correct, and change what is the member's own
OWNER    may also change what others have started
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import streamlit as st
from streamlit.auth_util import is_authlib_installed, validate_auth_credentials
from streamlit.errors import StreamlitAuthError

from mnist_core import MnistError
from mnist_core.errors import require_choice
from pages.widgets.settings import read_settings

__all__ = ["MODES", "AccessSettings", "Role", "access_settings", "check_login", "email", "subject"]

MODES = ("open", "shared", "read-only", "login")


class Role(IntEnum):
    """What somebody is on this server; a higher role may do all that a lower one may."""

    VISITOR = 0
    MEMBER = 1
    OWNER = 2


@dataclass(frozen=True, kw_only=True)
class AccessSettings:
    """Who is a visitor, a member or an owner.

    Attributes:
        mode: who uses the app on another machine is, with "open", a member; "shared", an owner;
            "read-only", a visitor; "login", a visitor until the login.
        people: with "login", e-mail addresses, or "@school.example" for all that end so; who logs
            in with one of them is a member. Empty: everybody whom the provider lets in.
        owners: the same, for owners.
    """

    mode: str = "open"
    people: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_choice("The setting 'mode'", self.mode, MODES)
        for name in ("people", "owners"):
            addresses = getattr(self, name)
            if not isinstance(addresses, list | tuple) or not all(map(_is_address, addresses)):
                raise MnistError(
                    f"The setting '{name}' must be a list of e-mail addresses, or of "
                    f"'@school.example' for all of a school. Received: {addresses!r}"
                )
            if addresses and self.mode != "login":
                # Else somebody may believe that the list protects the server.
                raise MnistError(
                    f"The setting '{name}' needs mode = \"login\". Set it, or remove the list. "
                    f"Received: mode = {self.mode!r}"
                )
            object.__setattr__(self, name, tuple(address.lower() for address in addresses))

    def role(self, *, local: bool, logged_in: bool = False, email: str = "") -> Role:
        """The role of somebody.

        Args:
            local: the browser runs on the server's own machine.
            logged_in: there was a login.
            email: the address that the provider vouches for; "" if there is none.
        """
        if local or self.mode == "shared":
            return Role.OWNER
        if self.mode == "open":
            return Role.MEMBER
        if self.mode == "login" and logged_in:
            if _is_listed(email, self.owners):
                return Role.OWNER
            if not self.people or _is_listed(email, self.people):
                return Role.MEMBER
        return Role.VISITOR


def access_settings() -> AccessSettings:
    """The settings from the environment or the secrets, else the defaults; read once.

    Raises:
        MnistError: a setting is unknown or has a wrong value.
    """
    return _settings(os.environ.get("MNIST_ACCESS", ""))


# Pages ask for each digit that they show; reading the settings takes a quarter of a millisecond.
@lru_cache(maxsize=4)
def _settings(_environment: str) -> AccessSettings:
    return read_settings(AccessSettings, "access")


def check_login(settings: AccessSettings) -> None:
    """Check that people can log in, if they have to.

    Raises:
        MnistError: the provider is not configured, or a package is missing.
    """
    if settings.mode != "login":
        return
    try:
        validate_auth_credentials("default")
    except StreamlitAuthError as error:
        raise MnistError(
            "The access mode 'login' needs a login provider: section [auth] of "
            ".streamlit/secrets.toml, see docs/deployment.md. "
            f"Received: {' '.join(str(error).split())}"
        ) from error
    if not is_authlib_installed():
        raise MnistError(
            "The access mode 'login' needs the package Authlib. Install it with: "
            "pip install -r requirements.txt"
        )


def email() -> str:
    """The visitor's address in lower case; "" without a login or if the provider doubts it."""
    user = st.user.to_dict()
    if not user.get("is_logged_in") or user.get("email_verified") is False:
        return ""
    return str(user.get("email") or "").lower()


def subject() -> str:
    """The provider's name for who has logged in, which never changes; "" without a login."""
    user = st.user.to_dict()
    return f"{user.get('iss')} {user.get('sub')}" if user.get("is_logged_in") else ""


def _is_address(value: object) -> bool:
    return isinstance(value, str) and "@" in value and not any(map(str.isspace, value))


def _is_listed(address: str, listed: tuple[str, ...]) -> bool:
    return bool(address) and any(
        address.endswith(entry) if entry.startswith("@") else address == entry for entry in listed
    )
