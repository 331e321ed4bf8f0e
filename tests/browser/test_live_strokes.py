"""The reading of a drawing while the pointer is down."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from browser.conftest import OpenPage
from browser.test_draw import canvas, clear, draw, expect_reading, reading, ready
from playwright.sync_api import Page, expect
from support.own_strokes import OWN_STROKES
from support.proxies import below_path

# What the page shows as its reading, each change once; the sockets for drawings.
WATCH = """
window.seen = []
window.sockets = []
new MutationObserver(() => {
  const text = document.querySelector(".st-key-reading")?.innerText.trim()
  if (text && seen.at(-1) !== text) seen.push(text)
}).observe(document, { subtree: true, childList: true, characterData: true, attributes: true })
const Socket = window.WebSocket
window.WebSocket = class extends Socket {
  constructor(url, ...rest) {
    super(window.blocked && /live/.test(url) ? "ws://127.0.0.1:9/" : url, ...rest)
    if (/live/.test(url)) sockets.push(this)
  }
}
"""


def watched(page: Page, *, blocked: bool = False) -> Page:
    """Load the page again, watched."""
    page.add_init_script(f"window.blocked = {str(blocked).lower()}\n{WATCH}")
    page.reload()
    return ready(page)


def move(page: Page, x: float, y: float, steps: int = 12) -> None:
    """Move to a point of the canvas."""
    box = canvas(page).bounding_box()
    assert box
    page.mouse.move(box["x"] + x, box["y"] + y, steps=steps)


def draw_stem(page: Page) -> None:
    """Begin a 7 at its foot, and stay there with the button down: so far it is a 1."""
    move(page, 160, 230, steps=1)
    page.mouse.down()
    move(page, 170, 50)


def model(page: Page, name: str) -> None:
    """Choose a model by keyboard: the mouse is busy."""
    page.get_by_role("combobox").focus()
    page.keyboard.type(name)
    page.keyboard.press("Enter")


def test_reading_changes_while_the_button_is_down(app: str, open_page: OpenPage) -> None:
    page = watched(open_page(app))
    said = page.get_by_role("status").and_(page.locator(".said"))
    expect(page.get_by_role("img", name="Canvas: draw digits")).to_have_count(1)
    draw_stem(page)
    expect_reading_now(page, "1")
    move(page, 90, 50)
    expect_reading_now(page, "7")
    during = page.locator(".unfinished .card").bounding_box()
    expect(said).to_have_text("")  # only the final reading is said
    page.mouse.up()
    expect(page.locator(".st-key-draw_final")).to_contain_text("by champion")
    expect_reading(page, "7")
    expect(said).to_have_text("Read: 7")
    card = page.locator(".st-key-draw_final .stVerticalBlock").first.bounding_box()
    assert during == card, "the layout moved"
    seen = page.evaluate("seen")
    assert seen[-2:] == ["1", "7"], seen


def expect_reading_now(page: Page, number: str) -> None:
    """Expect a reading before the end of the stroke."""
    expect(page.locator(".st-key-reading .live")).to_be_visible()
    expect(page.locator(".st-key-reading .live")).to_have_text(number)


@pytest.mark.slow
def test_cut_socket_another_model_and_clearing_in_the_middle(app: str, open_page: OpenPage) -> None:
    page = watched(open_page(app))
    draw(page, OWN_STROKES[4], side=100, x=60)
    expect(page.locator(".st-key-draw_final")).to_contain_text("by champion")
    draw_stem(page)
    expect_reading_now(page, "41")
    page.evaluate("sockets.at(-1).close()")
    move(page, 110, 50)
    expect_reading_now(page, "47")
    model(page, "mlp")
    expect(page.locator(".unfinished .caption")).to_contain_text("by mlp")
    page.evaluate("document.activeElement.blur()")  # in the field it would be a letter
    page.keyboard.press("c")
    expect(page.get_by_role("status").and_(page.locator(".said"))).to_have_text("")
    page.mouse.up()
    page.wait_for_timeout(300)
    clear(page)
    draw(page, OWN_STROKES[3])
    expect_reading(page, "3")


@pytest.mark.slow
def test_tabs_have_their_own_models(app: str, open_page: OpenPage) -> None:
    pages = [watched(open_page(app)), watched(open_page(app))]
    model(pages[1], "mlp")
    expect(pages[1].get_by_text("98.11%").first).to_be_visible()
    for page in pages:
        draw_stem(page)
    for page, name in zip(pages, ("champion", "mlp"), strict=True):
        expect(page.locator(".unfinished .caption")).to_contain_text(f"by {name}")
        page.mouse.up()


@pytest.mark.slow
def test_page_works_without_the_socket(app: str, open_page: OpenPage) -> None:
    page = watched(open_page(app), blocked=True)
    draw_stem(page)
    move(page, 90, 50)
    expect(reading(page)).to_contain_text("Draw a digit")
    page.mouse.up()
    expect_reading(page, "7")
    expect(page.get_by_text(re.compile(r"Read in .* by champion"))).to_be_visible()
    assert page.evaluate("sockets.length") > 0


@pytest.mark.slow
def test_undo_in_the_middle_of_a_stroke(app: str, open_page: OpenPage) -> None:
    page = watched(open_page(app))
    draw(page, OWN_STROKES[4][:1], side=100, x=60)
    expect(page.locator(".st-key-draw_final")).to_contain_text("by champion")
    draw_stem(page)
    expect(page.locator(".st-key-reading .live")).to_have_text(re.compile(r"\S1$"))
    page.keyboard.press("z")
    page.wait_for_timeout(1000)
    page.mouse.up()
    page.wait_for_timeout(1000)
    # Whatever the canvas keeps of the unfinished stroke, the page reads it, not the browser's part.
    expect(page.locator(".live_strokes.on")).to_have_count(0)
    clear(page)
    draw(page, OWN_STROKES[3])
    expect_reading(page, "3")


@pytest.mark.slow
def test_other_page_in_the_middle_of_a_stroke(app: str, open_page: OpenPage) -> None:
    page = watched(open_page(app))
    draw_stem(page)
    expect_reading_now(page, "1")
    link = page.get_by_role("link", name="Webcam")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Show a digit")).to_be_visible()
    page.mouse.up()
    page.wait_for_function("sockets.every((socket) => socket.readyState > 1)")
    page.get_by_role("link", name="Draw").click()
    canvas(page).wait_for()
    page.wait_for_timeout(1000)
    clear(page)
    draw_stem(page)
    expect_reading_now(page, "1")
    move(page, 90, 50)
    expect_reading_now(page, "7")
    page.mouse.up()
    expect_reading(page, "7")


@pytest.mark.slow
def test_strokes_are_read_below_the_path_of_a_proxy(app: str, open_page: OpenPage) -> None:
    with below_path(urlsplit(app).netloc, "/lab") as address:
        page = watched(open_page(f"{address}/"))
        draw_stem(page)
        expect_reading_now(page, "1")
        page.mouse.up()
        expect_reading(page, "1")


# Without the timer that hides the reading of an unfinished stroke in any case.
IMPATIENT = """
const later = window.setTimeout
window.setTimeout = (call, time, ...rest) => time === 3000 ? 0 : later(call, time, ...rest)
"""


def test_final_reading_replaces_the_other_after_clearing_too(app: str, open_page: OpenPage) -> None:
    page = open_page(app)
    page.add_init_script(IMPATIENT)
    page = watched(page)
    for digit in (3, 2, 3):
        draw(page, OWN_STROKES[digit])
        expect(page.locator(".st-key-draw_final")).to_contain_text("by champion")
        expect(page.locator(".live_strokes.on")).to_have_count(0)
        expect_reading(page, str(digit))
        page.keyboard.press("c")
        expect(reading(page)).to_contain_text("Draw a digit")
