"""The ICE servers (RFC 8445) through which browser and server connect for video.

On one machine or in one local network none is needed. Across the internet, a STUN server reports
each side's address, and a TURN server relays the video where firewalls block direct connections.
"""

import ipaddress
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

VARIABLE, SECRET = "MNIST_ICE_SERVERS", "ice_servers"
Server = dict[str, Any]
_SCHEMES = ("stun:", "stuns:", "turn:", "turns:")
_PUBLIC_STUN: list[Server] = [{"urls": ["stun:stun.l.google.com:19302"]}]


def servers() -> list[Server]:
    """The servers from the environment or the secrets, else a default for the page's address.

    Raises:
        ValueError: the configured value is not a list of servers.
    """
    if text := os.environ.get(VARIABLE):
        try:
            return check(json.loads(text), f"${VARIABLE}")
        except json.JSONDecodeError as error:
            raise ValueError(
                f"${VARIABLE} is not valid JSON ({error}). Received: {text!r}"
            ) from error
    # Accessing a secret without a secrets file is an error.
    configured = st.secrets.get(SECRET) if st.secrets.load_if_toml_exists() else None
    if configured is not None:
        return check(configured, f"'{SECRET}' in secrets.toml")
    return [] if is_local(st.context.url or "") else _PUBLIC_STUN.copy()


def is_local(url: str) -> bool:
    """Does this machine, or one in the same network, serve the page with this URL?"""
    host = urlsplit(url).hostname or "localhost"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".lan", ".internal"))
    return address.is_private or address.is_loopback


def check(configured: Any, where: str) -> list[Server]:
    """The servers in WebRTC's format: "urls", and for TURN "username" and "credential".

    Raises:
        ValueError: the value is not a list of servers.
    """
    if isinstance(configured, (str, Mapping)) or not isinstance(configured, Sequence):
        raise ValueError(f"{where} must be a list of ICE servers. Received: {configured!r}")
    return [_check_server(server, where) for server in configured]


def _check_server(server: Any, where: str) -> Server:
    if not isinstance(server, Mapping) or "urls" not in server:
        raise ValueError(f'A server in {where} must have "urls". Received: {server!r}')
    unknown = set(server) - {"urls", "username", "credential"}
    urls = [server["urls"]] if isinstance(server["urls"], str) else list(server["urls"])
    if unknown or not urls or not all(str(url).startswith(_SCHEMES) for url in urls):
        raise ValueError(
            f'A server in {where} must have "urls" that begin with one of {", ".join(_SCHEMES)} '
            f'and may have only "username" and "credential" besides. Received: {sorted(server)}, '
            f"urls {urls}"
        )
    turn = any(str(url).startswith("turn") for url in urls)
    if turn and not (server.get("username") and server.get("credential")):
        raise ValueError(
            f'A TURN server in {where} must have "username" and "credential". Received: {urls}'
        )
    credentials = {key: str(server[key]) for key in ("username", "credential") if key in server}
    return {**credentials, "urls": urls}
