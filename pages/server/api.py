"""The HTTP API: other programs' images, read by this server. See docs/server.md.

    POST /api/read          an image -> its digits, the object that `read --json` prints
    GET  /api/models        the models, the list that `models --json` prints
    GET  /api/health        whether the server answers; for everybody
    GET  /api/openapi.json  the description of these for programs

All of these read only; no program changes anything on this server, whatever its role in `[access]`.
An error is answered by `{"error": "what was wrong, what to do, what was received"}`.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hmac
import ipaddress
import math
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive
from streamlit import config

from mnist_core import InvalidImageError, MnistError, ModelNotFoundError, list_models, load_image
from mnist_core.preprocessing.grey import Ink
from pages.server import guard, readers
from pages.server.limits import RateLimit
from pages.server.settings import ApiSettings
from pages.widgets import rights

__all__ = ["DESCRIPTION", "Api"]

DESCRIPTION = Path(__file__).with_name("openapi.json")
# Seconds that sending an image may take.
_UPLOAD = 60.0
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")

Endpoint = Callable[[Request], Awaitable[Response]]


class Api:
    """The API of one server.

    Args:
        settings: who may use it, and how often.
        upload: seconds that sending an image may take.
    """

    def __init__(self, settings: ApiSettings, upload: float = _UPLOAD) -> None:
        self._settings, self._upload = settings, upload
        rate = settings.readings_per_second
        self._limit = RateLimit(rate, burst=math.ceil(rate))

    def application(self) -> Starlette:
        """The ASGI application, to be mounted at `/api`."""
        return Starlette(
            routes=[
                Route("/read", self._guarded(self._read), methods=["POST"]),
                Route("/models", self._guarded(_models)),
                Route("/openapi.json", self._guarded(_describe)),
                Route("/health", _health),
            ],
            exception_handlers={
                404: _no_such_address,
                405: _wrong_method,
                HTTPException: _refused,
                InvalidImageError: partial(_failed, 400),
                ModelNotFoundError: partial(_failed, 404),
                MnistError: partial(_failed, 500),
                Exception: _crashed,
            },
        )

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint for those who may use the API."""

        async def guarded(request: Request) -> Response:
            if not await guard.is_allowed(request):
                raise HTTPException(403, "Requests of foreign web pages are refused.")
            self._check_access(request)
            return await endpoint(request)

        return guarded

    def _check_access(self, request: Request) -> None:
        access = self._settings.access
        if access == "off":
            raise HTTPException(403, "The API of this server is off.")
        if access == "local" and not _is_local(request):
            raise HTTPException(
                403,
                "The API of this server is for programs on the same machine. Its owner can "
                "change that, see docs/server.md.",
            )
        if access == "token":
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            given, expected = token.strip().encode(), self._settings.token.encode()
            if scheme.lower() != "bearer" or not hmac.compare_digest(given, expected):
                raise HTTPException(
                    401,
                    "Send the token of this API in the header 'Authorization: Bearer TOKEN'.",
                    {"WWW-Authenticate": "Bearer"},
                )

    async def _read(self, request: Request) -> Response:
        if self._settings.access != "local":
            address = request.client.host if request.client else ""
            if wait := self._limit.ask(address):
                raise HTTPException(
                    429,
                    f"At most {self._settings.readings_per_second:g} readings per second are "
                    "allowed. Wait and try again.",
                    {"Retry-After": str(math.ceil(wait))},
                )
        ink = _ink(request.query_params.get("ink", "auto"))
        try:
            async with asyncio.timeout(self._upload):
                file, content = await _receive(request)
        except TimeoutError:
            raise HTTPException(
                408, f"The image did not arrive within {self._upload:g} s. Send it again."
            ) from None
        model = request.query_params.get("model")
        read = partial(readers.read, decode=load_image, model=model, ink=ink)
        result = await readers.in_thread(read, content)
        timing = {"Server-Timing": f"read;dur={result.milliseconds:.2f}"}
        return JSONResponse({"file": file, **result.reading.as_json()}, headers=timing)


def _ink(value: str) -> Ink:
    for ink in get_args(Ink):
        if value == ink:
            return ink
    choices = ", ".join(get_args(Ink))
    raise HTTPException(400, f"'ink' must be one of: {choices}. Received: {value!r}")


async def _receive(request: Request) -> tuple[str | None, bytes]:
    """The name and the content of the image: the body, or the first file of a form."""
    request = Request(request.scope, _limited(request.receive))
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return None, await request.body()
    async with request.form(max_files=1, max_fields=10) as form:
        for field in form.values():
            if isinstance(field, UploadFile):
                return field.filename, await field.read()
    raise HTTPException(400, "The form has no file. Send the image as a file, or as the body.")


def _limited(receive: Receive) -> Receive:
    """Receive at most as much as the Photo tab takes."""
    most = config.get_option("server.maxUploadSize")
    total = 0

    async def limited() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > most * 2**20:
            raise HTTPException(413, f"An image may have at most {most} MB. Make it smaller first.")
        return message

    return limited


async def _models(_: Request) -> Response:
    return JSONResponse([dataclasses.asdict(card) for card in list_models()])


async def _describe(_: Request) -> Response:
    return FileResponse(DESCRIPTION, media_type="application/json")


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


def _no_such_address(request: Request, _: Exception) -> Response:
    return _error(
        404,
        "There is no such address. The API has read, models, health and openapi.json. "
        f"Received: {request.url.path}",
    )


def _wrong_method(request: Request, error: Any) -> Response:
    allowed = error.headers["Allow"]
    return _error(405, f"Use {allowed} here. Received: {request.method}", error.headers)


def _refused(_: Request, error: Any) -> Response:
    return _error(error.status_code, error.detail, error.headers)


def _failed(status: int, _: Request, error: Exception) -> Response:
    return _error(status, str(error))


def _crashed(*_: object) -> Response:
    return _error(500, "The server failed. Its log has the details.")  # Starlette raises it again


def _error(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"error": text}, status, headers)


def _is_local(request: Request) -> bool:
    """Does the request come from this machine, directly, for one of its local names?

    The name is checked because a foreign page can let its own name lead to this machine (DNS
    rebinding).
    """
    client = request.client.host if request.client else ""
    try:
        loopback = ipaddress.ip_address(client).is_loopback
    except ValueError:
        loopback = False
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname
    return loopback and host in _LOCAL_NAMES and rights.is_direct(request.headers)
