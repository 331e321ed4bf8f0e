"""The settings of the HTTP API: section `[api]` of `.streamlit/secrets.toml`, or `$MNIST_API`."""

from __future__ import annotations

from dataclasses import dataclass

from mnist_core import MnistError
from mnist_core.errors import require_choice, require_number
from pages.widgets.settings import read_settings

__all__ = ["ApiSettings", "api_settings"]

# A token of this many characters cannot be found by trying, at the rate of readings allowed.
_MIN_TOKEN = 16


@dataclass(frozen=True, kw_only=True)
class ApiSettings:
    """Who may use the HTTP API.

    Attributes:
        access: "local": programs on this machine; "token": anyone who sends the token; "open":
            everybody; "off": nobody.
        token: at least 16 characters; for "token" only.
        readings_per_second: allowed for each address; for programs on this machine with "local",
            there is no limit.
    """

    access: str = "local"
    token: str = ""
    readings_per_second: float = 10

    def __post_init__(self) -> None:
        require_choice("The setting 'access'", self.access, ("local", "token", "open", "off"))
        require_number("The setting 'readings_per_second'", self.readings_per_second, 0.1, 10_000)
        if not isinstance(self.token, str):
            raise MnistError("The setting 'token' must be a text in quotes.")
        if self.access == "token" and len(self.token) < _MIN_TOKEN:
            raise MnistError(
                f"The setting 'token' must have at least {_MIN_TOKEN} characters. Make one with: "
                'python -c "import secrets; print(secrets.token_urlsafe())". '
                f"Received: {len(self.token)} characters"
            )
        if self.token and self.access != "token":
            # Else somebody may believe that the token protects the API.
            raise MnistError(
                "The setting 'token' needs access = \"token\". Set it, or remove the token. "
                f"Received: access = {self.access!r}"
            )


def api_settings() -> ApiSettings:
    """The settings from the environment or the secrets, else the defaults.

    Raises:
        MnistError: a setting is unknown or has a wrong value.
    """
    return read_settings(ApiSettings, "api")
