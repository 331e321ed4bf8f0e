"""Which servers help the browser and this one to find each other for video (ICE, RFC 8445).

On one machine, or in one local network, none is needed. Across the internet a STUN server tells
each side its address, and a TURN server passes the video on where firewalls let nothing else
through.
"""

import ipaddress
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

VARIABLE, SECRET = "MNIST_ICE_SERVERS", "ice_servers"
_SCHEMES = ("stun:", "stuns:", "turn:", "turns:")
_PUBLIC_STUN = [{"urls": ["stun:stun.l.google.com:19302"]}]


def servers() -> list[dict[str, Any]]:
    """The servers from the environment or the secrets; else what suits the page's address.

    Raises:
        ValueError: what is configured is no list of servers.
    """
    if text := os.environ.get(VARIABLE):
        try:
            return check(json.loads(text), f"${VARIABLE}")
        except json.JSONDecodeError as error:
            raise ValueError(f"${VARIABLE} is no JSON ({error}). Received: {text!r}") from error
    # Asking for a secret where there is no file of them is an error.
    configured = st.secrets.get(SECRET) if st.secrets.load_if_toml_exists() else None
    if configured is not None:
        return check(configured, f"'{SECRET}' in secrets.toml")
    return [] if is_local(st.context.url or "") else list(_PUBLIC_STUN)


def is_local(url: str) -> bool:
    """Is a page of this address served by this machine or by one in the same network?"""
    host = urlsplit(url).hostname or "localhost"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".lan", ".internal"))
    return address.is_private or address.is_loopback


def check(configured: Any, where: str) -> list[dict[str, Any]]:
    """The servers as WebRTC takes them: "urls", and for TURN "username" and "credential".

    Raises:
        ValueError: they are not such a list.
    """
    if isinstance(configured, (str, Mapping)) or not isinstance(configured, Sequence):
        raise ValueError(f"{where} is a list of ICE servers. Received: {configured!r}")
    return [_checked(server, where) for server in configured]


def _checked(server: Any, where: str) -> dict[str, Any]:
    if not isinstance(server, Mapping) or "urls" not in server:
        raise ValueError(f'A server in {where} has "urls". Received: {server!r}')
    unknown = set(server) - {"urls", "username", "credential"}
    urls = [server["urls"]] if isinstance(server["urls"], str) else list(server["urls"])
    if unknown or not urls or not all(str(url).startswith(_SCHEMES) for url in urls):
        raise ValueError(
            f'A server in {where} has "urls" that begin with one of {", ".join(_SCHEMES)} and, '
            f'besides, "username" and "credential" only. Received: {sorted(server)}, urls {urls}'
        )
    turn = any(str(url).startswith("turn") for url in urls)
    if turn and not (server.get("username") and server.get("credential")):
        raise ValueError(
            f'A TURN server in {where} has "username" and "credential". Received: {urls}'
        )
    return {
        **{key: str(server[key]) for key in ("username", "credential") if key in server},
        "urls": urls,
    }
