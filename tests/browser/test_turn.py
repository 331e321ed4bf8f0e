"""A call of the Webcam page through the TURN server of deploy/compose.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser.cameras import OpenCamera, expect_reading, open_camera, with_film
from browser.conftest import running_app
from support.sheets import film
from support.turn import turn_server

__all__ = ["open_camera"]

# As in a network that blocks every direct path.
RELAY_ONLY = """
window.connections = []
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration) {
    super({ ...configuration, iceTransportPolicy: "relay" })
    window.connections.push(this)
  }
}
"""
# The kind of the local candidate that carries the video, and the bytes sent.
PATH = """
async () => {
  const stats = [...(await connections.at(-1).getStats()).values()]
  const pair = stats.find((one) => one.type === "candidate-pair" && one.nominated)
  return [stats.find((one) => one.id === pair.localCandidateId).candidateType, pair.bytesSent]
}
"""


@pytest.mark.slow
def test_video_is_read_through_the_relay(tmp_path: Path, open_camera: OpenCamera) -> None:
    one = film(tmp_path / "one.y4m", "3")
    with (
        turn_server(tmp_path) as turn,
        running_app(tmp_path / "log.txt", MNIST_ICE_SERVERS=turn.ice_servers) as app,
    ):
        page = open_camera(app, with_film(one), script=RELAY_ONLY)
        frame = page.frame_locator(".st-key-video iframe")
        frame.get_by_role("button", name="Start", exact=True).click()
        expect_reading(page, "3")
        inside = next(
            frame for frame in page.frames if frame.evaluate("window.connections?.length > 0")
        )
        kind, sent = inside.evaluate(PATH)
        assert kind == "relay"
        assert sent > 10_000
