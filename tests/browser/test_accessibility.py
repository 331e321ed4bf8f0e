"""All pages and tabs: accessible, titled, readable, and within the window."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from browser.conftest import OpenPage
from browser.tabs import TABS, settle
from browser.test_draw import draw, expect_reading, ready
from browser.test_photo import picture_of, upload
from playwright.sync_api import Page, expect
from support.own_strokes import OWN_STROKES

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
# Rule -> elements of Streamlit (1.67) that break it, and why that is accepted.
EXCEPTIONS = {
    # The label of a disabled control: WCAG 1.4.3 excepts it, axe does not see that it is one. And
    # Streamlit darkens the text of a button under the pointer: 3.4:1 in the dark theme.
    "color-contrast": [
        ".st-key-threshold label",
        "button:is(:hover, :focus, [aria-expanded=true])",
    ],
    # The drop zone is a <section role="presentation"> with a name; its button has role and name.
    "presentation-role-conflict": ["[data-testid=stFileUploaderDropzone]"],
    # Popovers lie at the end of <body>, outside of the page's landmarks.
    "region": ["[data-floating-ui-portal]"],
}
WIDTHS = (1440, 768, 390)
# The other tabs take 20 to 50 s each.
QUICK = ("Draw", "Webcam")
SMALLEST_TEXT = 12

RUN_AXE = """
async (exceptions) => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] })
  const excepted = (rule, node) => (exceptions[rule] ?? [])
    .some((selector) => document.querySelector(node.target.flat().at(-1))?.closest(selector))
  return violations.map(({ id, impact, nodes }) => ({
    id, impact,
    nodes: nodes.filter((node) => !excepted(id, node)).map((node) => node.html.slice(0, 300)),
  })).filter(({ nodes }) => nodes.length)
}
"""
SMALL_TEXTS = """
(smallest) => [...document.querySelectorAll(".stMain svg.main-svg text")]
  .filter((text) => text.textContent.trim())
  .filter((text) => parseFloat(getComputedStyle(text).fontSize) < smallest)
  .map((text) => text.textContent)
"""
OVERFLOW = """
() => [document.documentElement, document.querySelector(".stMain")]
  .map((element) => element.scrollWidth - element.clientWidth)
"""


def violations(page: Page) -> list[dict[str, Any]]:
    """What axe-core finds on a page, without the exceptions."""
    page.evaluate(AXE)
    return page.evaluate(RUN_AXE, EXCEPTIONS)


def expect_accessible(page: Page) -> None:
    """Check a page in both themes."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        background = "getComputedStyle(document.querySelector('.stApp')).colorScheme"
        page.wait_for_function(f"{background} === '{scheme}'")
        # Colors change gradually.
        page.wait_for_timeout(400)
        found = violations(page)
        assert not found, f"{scheme}: {json.dumps(found, indent=1)}"


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in TABS],
)
def test_tab_is_accessible_titled_and_readable(app: str, open_page: OpenPage, name: str) -> None:
    page = settle(open_page(app, TABS[name], width=WIDTHS[0]))
    title = page.locator("h1").inner_text()
    assert page.title() == f"{title} · Digit lab"
    assert page.evaluate(SMALL_TEXTS, SMALLEST_TEXT) == []
    expect_accessible(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(500)
        assert max(page.evaluate(OVERFLOW)) <= 0, width


@pytest.mark.slow
def test_readings_are_accessible(app: str, open_page: OpenPage) -> None:
    page = ready(open_page(app))
    draw(page, OWN_STROKES[4])
    expect_reading(page, "4")
    expect_accessible(settle(page))
    page.get_by_role("button", name="Why?").click()
    expect(page.get_by_role("dialog").get_by_text("What would change")).to_be_visible()
    expect_accessible(settle(page))
    page.keyboard.press("Escape")
    upload(page, "sheet.png", picture_of((4, 7)))
    expect(page.locator(".st-key-photo_reading")).to_contain_text("47")
    page.get_by_role("button", name="Wrong?").first.click()
    expect(page.get_by_text("Correct answer:")).to_be_visible()
    expect_accessible(settle(page))
