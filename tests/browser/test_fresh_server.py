"""The first visit of a server: Streamlit does not know the pages of `st.navigation` yet."""

from __future__ import annotations

import re
from pathlib import Path

from browser.conftest import OpenPage, running_app
from playwright.sync_api import Page, expect


def expect_three_pages(page: Page) -> None:
    links = page.get_by_test_id("stSidebarNavLink")
    expect(links).to_have_text(
        [re.compile(name) for name in ("Draw", "Webcam", "Train and evaluate")]
    )


def test_unknown_page_leads_to_the_draw_page(tmp_path: Path, open_page: OpenPage) -> None:
    """`pages/ice.py`, a module without a page, was once served as an empty page."""
    with running_app(tmp_path / "log.txt") as address:
        page = open_page(address, "ice")
        expect(page.get_by_role("heading", name="Draw a digit")).to_be_visible()
        expect_three_pages(page)
        expect(page.get_by_role("dialog")).to_contain_text("Page not found")


def test_first_visitor_can_open_the_webcam_page(tmp_path: Path, open_page: OpenPage) -> None:
    with running_app(tmp_path / "log.txt") as address:
        page = open_page(address, "webcam")
        expect(page.get_by_role("heading", name="Show a digit")).to_be_visible()
        expect_three_pages(page)
        assert page.url == f"{address}/webcam"
        expect(page.get_by_role("combobox", name="Model")).to_be_visible()
