"""The TURN server of deploy/compose.yaml, run on this machine without its container."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from mnist_core.storage.paths import PROJECT

__all__ = ["PASSWORD", "USER", "TurnServer", "turn_server"]

# As in the compose file, and a password for `$TURN_PASSWORD`.
USER, PASSWORD = "lab", "a-secret"


@dataclass(frozen=True)
class TurnServer:
    """A running TURN server.

    Attributes:
        host: its address, which is also that of its only permitted private peer.
        port: for UDP and TCP.
        ice_servers: the value of `$MNIST_ICE_SERVERS`, as compose.yaml sets it.
    """

    host: str
    port: int
    ice_servers: str


@contextmanager
def turn_server(folder: Path) -> Iterator[TurnServer]:
    """Run coturn with the options of compose.yaml; skips the test where it is not installed.

    Differs in the port, and in the network of the replicas: here they have this machine's address.
    """
    program, host = shutil.which("turnserver"), _own_address()
    if program is None or host is None:
        pytest.skip("needs coturn, and a network besides loopback")
    compose = yaml.safe_load((PROJECT / "deploy" / "compose.yaml").read_text())
    with socket.socket() as probe:
        probe.bind((host, 0))
        port = probe.getsockname()[1]
    values = {"DOMAIN": host, "PUBLIC_ADDRESS": host, "TURN_PASSWORD": PASSWORD}

    def fill(text: str) -> str:
        return re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], text)

    options = [fill(option) for option in compose["services"]["turn"]["command"]]
    changed = {"--listening-port": f"{port}", "--allowed-peer-ip": host}
    options = [
        f"{name}={changed[name]}" if (name := option.partition("=")[0]) in changed else option
        for option in options
    ]
    own = [f"--pidfile={folder / 'pid'}", f"--userdb={folder / 'db'}", "--log-file=stdout"]
    servers = fill(compose["services"]["app-1"]["environment"]["MNIST_ICE_SERVERS"])
    log = folder / "turn.txt"
    with log.open("w") as output:
        process = subprocess.Popen([program, *options, *own], stdout=output, stderr=output)
    try:
        end = time.monotonic() + 60
        while not _listens(host, port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        yield TurnServer(host, port, json.dumps(json.loads(servers.replace(":3478", f":{port}"))))
    finally:
        process.terminate()
        process.wait(60)


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), 1).close()
    except OSError:
        return False
    return True


def _own_address() -> str | None:
    """This machine's IPv4 address in its network; no packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))
        except OSError:
            return None
        host: str = probe.getsockname()[0]
    return None if host.startswith("127.") else host
