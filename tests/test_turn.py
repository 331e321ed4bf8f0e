"""The TURN server of deploy/compose.yaml: who may use it, and whom it relays to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from aioice.stun import TransactionFailed
from aioice.turn import TurnClientUdpProtocol, create_turn_endpoint
from support.turn import PASSWORD, USER, TurnServer, turn_server


@pytest.fixture(scope="module")
def turn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TurnServer]:
    with turn_server(tmp_path_factory.mktemp("turn")) as server:
        yield server


def relayed_address(turn: TurnServer, password: str, transport: str) -> tuple[str, int]:
    async def ask() -> tuple[str, int]:
        allocation, _ = await create_turn_endpoint(
            asyncio.DatagramProtocol,
            (turn.host, turn.port),
            USER,
            password,
            transport=transport,
        )
        address: tuple[str, int] = allocation.get_extra_info("sockname")
        allocation.close()
        return address

    return asyncio.run(ask())


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_password_gives_an_address_at_the_open_ports(turn: TurnServer, transport: str) -> None:
    host, port = relayed_address(turn, PASSWORD, transport)
    assert host == turn.host
    assert 49160 <= port <= 49200


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_wrong_password_is_refused(turn: TurnServer, transport: str) -> None:
    with pytest.raises(TransactionFailed) as error:
        relayed_address(turn, "a-guess", transport)
    assert error.value.response.error_code == 401


def test_of_private_addresses_only_the_replicas_are_reached(turn: TurnServer) -> None:
    private = ("10.0.0.1", "127.0.0.1", "169.254.1.1", "172.16.0.1", "172.31.0.1", "192.168.0.1")

    async def reached(*peers: str) -> set[str]:
        loop, address = asyncio.get_running_loop(), (turn.host, turn.port)
        _, protocol = await loop.create_datagram_endpoint(
            lambda: TurnClientUdpProtocol(
                address, USER, PASSWORD, lifetime=600, channel_refresh_time=500
            ),
            remote_addr=address,
        )
        await protocol.connect()
        found = set()
        for number, peer in enumerate(peers):
            try:
                await protocol.channel_bind(0x4000 + number, (peer, 5000))
                found.add(peer)
            except TransactionFailed as error:
                assert error.response.error_code == 403, error
        await protocol.delete()
        return found

    public = "198.51.100.7"
    assert asyncio.run(reached(turn.host, public, *private)) == {turn.host, public}
