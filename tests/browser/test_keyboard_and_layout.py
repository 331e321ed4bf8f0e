"""Every control by keyboard, with a visible focus; nothing moves when a reading comes."""

from __future__ import annotations

import pytest
from browser.conftest import OpenPage
from browser.tabs import TABS, settle
from browser.test_draw import draw, expect_reading, ready
from browser.test_photo import picture_of, upload
from playwright.sync_api import Page, expect
from support.own_strokes import OWN_STROKES

# The controls that Tab must reach. Arrow keys choose within a group, whose first choice counts.
CONTROLS = """
() => {
  const all = [...document.querySelectorAll(
    ".stMain :is(button, input, select, a[href], summary, [role=slider], [tabindex='0'])")]
  const groups = new Set()
  window.controls = all.filter((control) => {
    if (control.disabled || control.tabIndex < 0 || !control.checkVisibility()) return false
    const group = control.closest("[role=radiogroup], [role=tablist], [role=toolbar]")
    if (!group) return true
    return !groups.has(group) && groups.add(group)
  })
  window.reached = new Set()
  window.unmarked = new Set()
  return window.controls.length
}
"""
# Notes the focused control, and whether it or what surrounds it closely is marked.
NOTE = """
() => {
  let focused = document.activeElement
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement
  // The page itself can be scrolled by keys; frames belong to other packages.
  if (!focused || focused.matches("body, main, iframe")) return
  const group = focused.closest("[role=radiogroup], [role=tablist], [role=toolbar]")
  for (const control of window.controls) {
    if (control === focused || (group && group.contains(control))) window.reached.add(control)
  }
  let marked = focused.matches("input[type=text]")  // its caret
  for (let part = focused, step = 0; part && step < 4; part = part.parentElement, step++) {
    for (const place of [part, ...part.children]) {
      const style = getComputedStyle(place)
      marked ||= style.boxShadow !== "none" || style.outlineStyle !== "none"
    }
  }
  if (!marked && focused.closest(".stMain")) window.unmarked.add(focused.outerHTML.slice(0, 200))
}
"""
LEFT = """
() => [
  window.controls.filter((control) => !window.reached.has(control))
    .map((control) => control.outerHTML.slice(0, 200)),
  [...window.unmarked],
]
"""
WATCH_SHIFTS = """
() => {
  window.shifts = []
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const places = entry.sources.map((source) => source.node?.className ?? source.node?.nodeName)
      window.shifts.push([entry.value, places])
    }
  }).observe({ type: "layout-shift", buffered: false })
}
"""


@pytest.mark.parametrize(
    "name",
    [
        "Draw",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("Photo or scan", "Webcam", "Train", "Confusion matrix")
        ),
    ],
)
def test_tab_reaches_every_control_with_a_visible_focus(
    app: str, open_page: OpenPage, name: str
) -> None:
    reach_all(settle(open_page(app, TABS[name])))


def reach_all(page: Page) -> None:
    """Check that Tab reaches every control, with a visible focus."""
    count = page.evaluate(CONTROLS)
    assert count
    for _ in range(count + 30):
        page.keyboard.press("Tab")
        page.evaluate(NOTE)
    missed, unmarked = page.evaluate(LEFT)
    assert missed == []
    assert unmarked == []


def shifts(page: Page) -> list[tuple[float, list[str]]]:
    """The layout shifts since `WATCH_SHIFTS`: their size, and what moved."""
    page.wait_for_timeout(500)
    return page.evaluate("window.shifts")


# The measure of Cumulative Layout Shift, clicks included: 0.1 counts as good, 0.002 was measured.
SMALL = 0.01


@pytest.mark.slow
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_moves_when_a_drawing_is_read(app: str, open_page: OpenPage, width: int) -> None:
    page = ready(open_page(app, width=width))
    settle(page)
    page.evaluate(WATCH_SHIFTS)
    draw(page, OWN_STROKES[4])
    expect_reading(page, "4")
    expect(page.locator(".stPlotlyChart .main-svg").first).to_be_visible()
    assert sum(size for size, _ in shifts(page)) < SMALL


@pytest.mark.slow
def test_nothing_moves_when_a_picture_is_read(app: str, open_page: OpenPage) -> None:
    page = settle(open_page(app, TABS["Photo or scan"]))
    page.evaluate(WATCH_SHIFTS)
    upload(page, "sheet.png", picture_of((4, 7)))
    expect(page.locator(".st-key-photo_reading")).to_contain_text("47")
    # The picture's name appears above the choice of the ink, and the hint below it goes.
    assert sum(size for size, _ in shifts(page)) < 0.1
