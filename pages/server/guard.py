"""Who may connect: the rules of Streamlit's own socket, applied to the routes of this package.

Streamlit does not check its rules on routes that an app adds. Its settings `server.allowedHosts`,
`server.enableCORS`, `server.corsAllowedOrigins` and `browser.serverAddress` are obeyed here too.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.requests import HTTPConnection
from streamlit.runtime import Runtime
from streamlit.web.server.server_util import is_url_from_allowed_origins
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

__all__ = ["has_session", "is_allowed"]

# For a foreign origin, Streamlit asks a public server for this server's address and may wait 5 s:
# not in the event loop, and not in many threads.
_THREADS = CapacityLimiter(2)


async def is_allowed(connection: HTTPConnection) -> bool:
    """Does the connection come from a page of this app, or from a program that is no browser?

    A browser sends `Origin` with each socket and each POST, and a foreign page cannot change it.
    Streamlit, too, lets connections without `Origin` pass.
    """
    origin, host = connection.headers.get("origin"), connection.headers.get("host")
    if not is_host_allowed(host):
        return False
    if origin is None or urlsplit(origin).netloc == host:
        return True
    return await to_thread.run_sync(is_url_from_allowed_origins, origin, limiter=_THREADS)


def has_session(session: str) -> bool:
    """Is this the ID of a visitor's session whose page is open?"""
    return Runtime.exists() and Runtime.instance().is_active_session(session)
