"""The Webcam page in a real browser that cannot have WebRTC: frames over the page's connection."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import cv2
import pytest
from browser.cameras import (
    ASKED,
    CAMERA,
    PATIENT,
    OpenCamera,
    expect_back_camera,
    expect_reading,
    expect_words,
    open_camera,
    with_film,
)
from browser.test_webcam import press
from playwright.sync_api import Locator, Page, TimeoutError, expect
from support.sheets import film
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

__all__ = ["open_camera"]

# This browser connects through a TURN server only, and there is none.
BEHIND_A_FIREWALL = """
const Connection = window.RTCPeerConnection
window.RTCPeerConnection = function (configuration) {
  return new Connection({ ...configuration, iceTransportPolicy: "relay" })
}
"""
WITHOUT_WEBRTC = "delete window.RTCPeerConnection"
# The sockets for video, and the camera's track.
WATCH = """
window.sockets = []
const Socket = window.WebSocket
window.WebSocket = class extends Socket {
  constructor(url, ...rest) {
    super(url, ...rest)
    if (/live.video/.test(url)) sockets.push(this)
  }
}
"""


@pytest.fixture(scope="module")
def three_and_number(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film: ten seconds of a 3, then ten of 472."""
    return film(tmp_path_factory.mktemp("films") / "two.y4m", "3", "472", seconds=10)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("films") / "one.y4m", "3")


def button(page: Page, name: str) -> Locator:
    return page.locator(".live_video").get_by_role("button", name=name)


def overlay(page: Page) -> Locator:
    return page.locator(".live_video canvas")


def expect_overlay(page: Page, text: str) -> None:
    expect(overlay(page)).to_have_attribute("aria-label", text, timeout=PATIENT)


@pytest.mark.slow
def test_page_connection_is_offered_where_webrtc_is_blocked(
    app: str, three_and_number: Path, open_camera: OpenCamera
) -> None:
    page = open_camera(app, with_film(three_and_number), script=BEHIND_A_FIREWALL + WATCH)
    press(page, "Start")
    expect(page.get_by_text("No video after 5 seconds.")).to_be_visible(timeout=PATIENT)
    page.get_by_role("button", name="Use the connection of this page instead").click()
    # It starts by itself.
    expect_reading(page, "3|472")
    expect_reading(page, "472")
    expect_overlay(page, "Read: 472")
    expect_reading(page, "3")
    expect(page.get_by_text("No video after 5 seconds.")).to_have_count(0)
    expect(page.get_by_text(re.compile(r"\d+ frames per second · \d+\.\d ms"))).to_be_visible()
    expect(page.locator(".st-key-processed img")).to_be_visible()
    expect(page.locator(".st-key-history")).to_be_visible()
    with page.expect_download(timeout=PATIENT) as download:
        button(page, "Save snapshot").click()
    assert download.value.suggested_filename == "snapshot.png"
    snapshot = cv2.imread(str(download.value.path()))
    assert snapshot is not None
    assert snapshot.shape == (480, 640, 3)
    # The orange of the digit's box, and the white of the region's.
    assert ((snapshot == (0, 150, 255)).all(axis=2)).sum() > 100
    assert ((snapshot == 255).all(axis=2)).sum() > 500
    # The socket is cut, and comes back.
    before = page.evaluate("sockets.length")
    page.evaluate("sockets.at(-1).close()")
    page.wait_for_function(f"sockets.length > {before}")
    expect_reading(page, "472")
    button(page, "Stop").click()
    expect_words(page, "Press Start")
    expect_overlay(page, "Video with the box that is read")


def test_keys_and_settings_apply_without_webrtc(
    app: str, three: Path, open_camera: OpenCamera
) -> None:
    page = open_camera(app, with_film(three), script=f"{WITHOUT_WEBRTC}\n{ASKED}")
    button(page, "Start").click()
    expect_reading(page, "3")
    expect_back_camera(page)
    page.wait_for_timeout(1000)  # the page is still running for Start
    page.keyboard.press("p")
    expect_words(page, "Paused")
    expect_overlay(page, "Video with the box that is read")
    page.keyboard.press("p")
    expect_reading(page, "3")
    page.get_by_text("Mirror", exact=True).click()
    expect(page.locator(".live_video video")).to_have_class(re.compile("mirrored"))
    expect_reading(page, "3")
    page.get_by_text("Box", exact=True).click()
    page.locator(".st-key-roi_width input[type=range]").press("Home")  # narrower than the digit
    expect_words(page, "Hold a digit")
    page.locator(".st-key-roi_width input[type=range]").press("End")
    expect_reading(page, "3")
    page.get_by_role("link", name="Draw").click()
    expect(page.locator(".st-key-reading")).to_contain_text("Draw a digit")
    page.get_by_role("link", name="Webcam").click()
    expect_words(page, "Press Start")
    button(page, "Start").click()
    expect_reading(page, "3")


@pytest.mark.slow
def test_automatic_connection_changes_by_itself_and_an_ended_track_is_cleared(
    app: str, three: Path, open_camera: OpenCamera
) -> None:
    page = open_camera(app, with_film(three), script=BEHIND_A_FIREWALL)
    automatic = page.locator(".st-key-connection").get_by_text("Automatic", exact=True)
    # The page may still be built: then the first click is lost.
    for _ in range(5):
        page.get_by_text("Connection", exact=True).click()
        with suppress(TimeoutError):
            automatic.click(timeout=5000)
            break
    page.wait_for_timeout(500)
    press(page, "Start")
    expect_reading(page, "3")
    expect(page.locator(".st-key-connection button[aria-checked=true]")).to_have_text("This page")
    expect_overlay(page, "Read: 3")
    page.evaluate(
        "document.querySelector('.live_video video').srcObject.getTracks().forEach(t => t.stop())"
    )
    expect_overlay(page, "Video with the box that is read")
    expect(page.get_by_text("No frame for 2 seconds.")).to_be_visible(timeout=PATIENT)
    expect_words(page, "The video has stopped.")
    button(page, "Stop").click()
    button(page, "Start").click()
    expect_reading(page, "3")


@pytest.mark.slow
def test_blocked_camera_is_explained_without_webrtc(app: str, open_camera: OpenCamera) -> None:
    page = open_camera(app, [*CAMERA, "--deny-permission-prompts"], script=WITHOUT_WEBRTC)
    button(page, "Start").click()
    expect(page.get_by_role("alert").get_by_text("The camera is blocked")).to_have_count(1)
    expect_words(page, "Press Start")


@pytest.mark.slow
def test_foreign_page_cannot_open_the_socket_of_a_visitor(
    app: str, three: Path, open_camera: OpenCamera
) -> None:
    page = open_camera(app, with_film(three), script=WITHOUT_WEBRTC + WATCH)
    button(page, "Start").click()
    expect_reading(page, "3")
    url = page.evaluate("sockets[0].url")
    with connect(url, proxy=None, origin=app):
        pass
    with pytest.raises(InvalidStatus) as caught:
        connect(url, proxy=None, origin="https://evil.example")
    assert caught.value.response.status_code == 403
