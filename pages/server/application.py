"""What `app.py` adds to Streamlit's server: routes, and a sentence instead of a traceback."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import cv2
import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, WebSocketRoute
from streamlit import cli_util, config
from streamlit.runtime.scriptrunner import RerunException, StopException
from streamlit.url_util import make_url_path
from streamlit.web.server import server_util

from mnist_core import MnistError
from mnist_core.inference.interpreters import require_litert
from pages.server import sessions
from pages.server.api import Api
from pages.server.late_events import accept_late_events
from pages.server.no_delay import NoDelay
from pages.server.settings import api_settings
from pages.server.strokes import strokes
from pages.server.video import video
from pages.widgets import memory
from pages.widgets.access import access_settings, check_login

__all__ = ["lifespan", "middleware", "routes", "show_failure"]


# Seconds for which a thread keeps Python's global lock while others wait. With the usual 5 ms, the
# event loop waits that long, several times for each message, while other threads read images:
# thirty visitors who draw got their answers after 520 ms (median) instead of 215.
_SWITCH_INTERVAL = 0.0005


def routes() -> list[BaseRoute]:
    """The routes below `server.baseUrlPath`; a wrong setting or no LiteRT ends the server."""
    try:
        require_litert()
        api = Api(api_settings())
        check_login(access_settings())
    except MnistError as error:
        print(f"The server cannot start. {error}", file=sys.stderr)
        sys.exit(2)
    sys.setswitchinterval(_SWITCH_INTERVAL)
    memory.limit_heaps()
    # Each answer to a visitor runs in a new thread, and leaves 880 bytes behind if OpenCV has
    # divided its work among threads of its own: with thirty visitors 0.6 MB a minute. Readings with
    # them are not quicker: 12 instead of 11 ms for a photograph, 0.97 ms for a drawing either way.
    cv2.setNumThreads(1)
    base = config.get_option("server.baseUrlPath")
    return [
        WebSocketRoute(make_url_path(base, "live/strokes"), strokes),
        WebSocketRoute(make_url_path(base, "live/video"), video),
        Mount(make_url_path(base, "api"), api.application()),
    ]


def middleware() -> list[Middleware]:
    """What all requests pass through, Streamlit's too."""
    return [Middleware(NoDelay)]


def show_failure(_: Exception) -> bool:
    """Show a sentence for an error that no page has expected; Streamlit has logged it."""
    # Streamlit raises these where the visitor has left or clicked again: the error is not seen.
    with suppress(RerunException, StopException):
        st.error("This page has failed. Reload it to go on. The server's log has the details.")
    return True  # no traceback


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """What the server does besides, from its start to its end."""
    _open_browser()
    accept_late_events()
    forgetting = asyncio.create_task(sessions.keep_forgetting())
    try:
        yield
    finally:
        forgetting.cancel()


def _open_browser() -> None:
    """Open the app in a browser when the server starts, unless it is headless.

    `streamlit run` does this for a script, but not for an `st.App`.
    """
    if not config.get_option("server.headless"):
        address = "localhost"
        for option in ("server.address", "browser.serverAddress"):
            if config.is_manually_set(option):
                address = server_util.get_display_address(config.get_option(option))
        cli_util.open_browser(server_util.get_url(address))
