"""What `app.py` adds to Streamlit's server."""

from __future__ import annotations

from starlette.routing import BaseRoute, WebSocketRoute
from streamlit import config
from streamlit.url_util import make_url_path

from pages.server.strokes import strokes

__all__ = ["routes"]


def routes() -> list[BaseRoute]:
    """The routes of this package, below `server.baseUrlPath`."""
    base = config.get_option("server.baseUrlPath")
    return [WebSocketRoute(make_url_path(base, "live/strokes"), strokes)]
