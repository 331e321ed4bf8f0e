"""Makes the pictures of all pages and tabs in docs/pictures/.

    python tests/browser/pictures.py

Names on the command line make only these: `python tests/browser/pictures.py draw webcam`.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser.cameras import browser_filming  # noqa: E402
from browser.conftest import running_app  # noqa: E402
from browser.tabs import TABS, settle  # noqa: E402
from PIL import Image  # noqa: E402
from playwright.sync_api import Browser, Page  # noqa: E402
from support.own_strokes import OWN_STROKES  # noqa: E402
from support.sheets import film  # noqa: E402
from support.strokes import place_strokes  # noqa: E402

FOLDER = ROOT / "docs" / "pictures"
WIDTH, LOWEST, HIGHEST = 1280, 640, 1240  # px
QUALITY = 80
NUMBER = "472"


def draw_number(page: Page) -> None:
    """Draw the number on the wide canvas."""
    page.get_by_text("A number", exact=True).click()
    settle(page)
    box = page.locator("canvas").last.bounding_box()
    assert box
    for place, digit in enumerate(NUMBER):
        center = (box["x"] + 110 + 170 * place, box["y"] + box["height"] / 2)
        for stroke in place_strokes(OWN_STROKES[int(digit)], side=150, center=center):
            page.mouse.move(*stroke[0])
            page.mouse.down()
            for point in stroke[1:]:
                page.mouse.move(*point)
            page.mouse.up()
    page.locator(".st-key-reading p", has_text=NUMBER).wait_for()


def upload_sheet(page: Page) -> None:
    """Upload a photograph of the number."""
    from browser.test_photo import picture_of

    content = picture_of(tuple(int(digit) for digit in NUMBER))
    file = {"name": "sheet.png", "mimeType": "image/png", "buffer": content}
    page.locator("input[type=file]").set_input_files(files=[file])
    page.locator(".st-key-photo_reading p", has_text=NUMBER).wait_for()


def start_video(page: Page) -> None:
    """Hold the number in front of the camera."""
    page.frame_locator(".st-key-video iframe").get_by_role("button", name="Start").click()
    page.locator(".st-key-live_reading p", has_text=NUMBER).wait_for()
    page.locator(".st-key-live_bars .main-svg").first.wait_for()
    page.wait_for_timeout(4000)


def measure_attacks(page: Page) -> None:
    """Break the network, as far as it is not in the cache."""
    start = page.locator(".st-key-break_start button:visible")
    if start.count():
        start.click()
    page.locator(".st-key-evaluation_break_off .main-svg").first.wait_for(timeout=600_000)
    stopped = 0
    while stopped < 6:  # between two looks at the progress, the button may be missing
        page.wait_for_timeout(500)
        stopped = 0 if page.locator(".st-key-break_stop").count() else stopped + 1


PREPARE = {
    "Draw": draw_number,
    "Photo or scan": upload_sheet,
    "Webcam": start_video,
    "Break it": measure_attacks,
}


def file_name(tab: str) -> str:
    """The picture's file name."""
    return f"{tab.lower().replace(' ', '-')}.webp"


def take(browser: Browser, address: str, tab: str) -> None:
    """Make the picture of a tab."""
    page = browser.new_page(viewport={"width": WIDTH, "height": HIGHEST}, color_scheme="light")
    page.set_default_timeout(120_000)
    page.goto(f"{address}/{TABS[tab]}")
    settle(page)
    if tab in PREPARE:
        PREPARE[tab](page)
    if tab != "Webcam":  # it changes four times a second
        settle(page)
    content = "document.querySelector('.stMainBlockContainer > *').getBoundingClientRect().bottom"
    height = min(HIGHEST, max(LOWEST, round(page.evaluate(content)) + 24))
    shot = page.screenshot(clip={"x": 0, "y": 0, "width": WIDTH, "height": height})
    path = FOLDER / file_name(tab)
    Image.open(io.BytesIO(shot)).convert("RGB").save(path, quality=QUALITY, method=6)
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1000:.0f} kB", flush=True)
    page.close()


def main() -> None:
    """Make the pictures that the command line names, or all."""
    chosen = [tab for tab in TABS if not sys.argv[1:] or file_name(tab)[:-5] in sys.argv[1:]]
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        video = film(folder / "film.y4m", NUMBER, rate=30)
        data = {
            "MNIST_RUNS": str(folder / "runs"),
            "MNIST_CORRECTIONS": str(folder / "corrections.sqlite3"),
        }
        with browser_filming(video) as browser, running_app(folder / "log.txt", **data) as address:
            for tab in chosen:
                take(browser, address, tab)


if __name__ == "__main__":
    main()
