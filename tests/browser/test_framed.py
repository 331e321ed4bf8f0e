"""The app inside a frame of another site, and readings that are announced."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from browser.conftest import OpenPage
from browser.test_photo import picture_of, upload
from playwright.sync_api import Browser, expect


@pytest.fixture
def other_site(app: str) -> Iterator[str]:
    """The address of a page of another site that shows the app in a frame."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f'<iframe src="{app}" width="1000" height="800"></iframe>'.encode())

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    # The app is at 127.0.0.1: this is another site.
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_page_in_a_frame_of_another_site_offers_to_open_itself(
    app: str, other_site: str, browser: Browser
) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(other_site)
        frame = page.frame_locator("iframe")
        expect(frame.locator(".framed")).to_contain_text("uploads and the camera may be blocked")
        frame.get_by_role("link", name="Webcam").click()
        expect(frame.get_by_role("heading", name="Show a digit")).to_be_visible()
        with context.expect_page() as opened:
            frame.get_by_role("link", name="Open it by itself").click()
        expect(opened.value.get_by_role("heading", name="Show a digit")).to_be_visible()
        assert opened.value.url == f"{app}/webcam"
        expect(opened.value.locator(".framed")).to_have_count(0)


@pytest.mark.slow
def test_reading_of_a_picture_is_announced(app: str, open_page: OpenPage) -> None:
    page = open_page(app)
    page.get_by_role("tab", name="Photo or scan").click()
    said = page.locator(".st-key-photo_said").get_by_role("status")
    expect(said).to_have_attribute("aria-live", "polite")
    expect(said).to_have_text("")
    upload(page, "sheet.png", picture_of((4, 7)))
    expect(said).to_have_text("Read: 47")
