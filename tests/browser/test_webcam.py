"""The Webcam page in a real browser whose camera plays a film."""

from __future__ import annotations

import re
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from browser.cameras import (
    ALLOWED,
    ASKED,
    CAMERA,
    PATIENT,
    OpenCamera,
    expect_back_camera,
    expect_reading,
    expect_words,
    open_camera,
    reading,
    with_film,
)
from browser.conftest import Address, running_app
from playwright.sync_api import Download, FrameLocator, Locator, Page, expect
from support.sheets import film, sheet

__all__ = ["open_camera"]

# The number of visits to compare, and what a leaking video would leave behind at each.
VISITS = 3
THREADS_OF_A_VIDEO, MEGABYTES_OF_A_VIDEO = 4, 20


@pytest.fixture(scope="session")
def two_numbers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film: six seconds of a 3, then six of 472."""
    return film(tmp_path_factory.mktemp("films") / "two.y4m", "3", "472", seconds=6)


def player(page: Page) -> FrameLocator:
    return page.frame_locator(".st-key-video iframe")


def press(page: Page, button: str) -> None:
    player(page).get_by_role("button", name=button, exact=True).click()


def video_time(page: Page) -> float:
    """The position of the page's video, in seconds."""
    return float(player(page).locator("video").evaluate("video => video.currentTime"))


def test_video_is_read_and_the_reading_follows_it(
    app: str, two_numbers: Path, open_camera: OpenCamera
) -> None:
    page = open_camera(app, with_film(two_numbers))
    expect_words(page, "Press Start")
    assert not re.search(r"\d", reading(page).inner_text())
    press(page, "Start")
    expect_reading(page, "3|472")
    # The film alternates, and so does the reading.
    expect_reading(page, "472")
    expect_reading(page, "3")
    expect(
        page.get_by_text(re.compile(r"\d+ frames per second · \d+\.\d ms per frame"))
    ).to_be_visible()
    expect(page.locator(".st-key-processed img")).to_have_attribute(
        "src", re.compile("^data:image/png;base64,")
    )
    expect(page.locator(".st-key-history")).to_be_visible()
    for _ in range(2):  # each press saves one file
        saved = save_snapshot(page)
        assert saved.suggested_filename == "snapshot.png"
        snapshot = cv2.imread(str(saved.path()))
        assert snapshot is not None
        assert snapshot.shape[:2] == (480, 640)


def save_snapshot(page: Page) -> Download:
    with page.expect_download(timeout=PATIENT) as download:
        page.get_by_role("button", name="Save snapshot").click()
    return download.value


def test_settings_apply_to_the_running_video(
    app: str, tmp_path: Path, open_camera: OpenCamera
) -> None:
    one = film(tmp_path / "one.y4m", "3")
    page = open_camera(app, with_film(one))
    press(page, "Start")
    expect_reading(page, "3")
    # The click has moved the keys to the frame of the video.
    page.keyboard.press("p")
    expect_words(page, "Paused")
    page.keyboard.press("p")
    expect_reading(page, "3")

    page.get_by_text("Automatic threshold").click()
    slider = page.locator(".st-key-threshold input[type=range]")
    expect(slider).to_be_enabled()
    slider.press("Home")
    expect_words(page, "Hold a digit")
    page.get_by_text("Automatic threshold").click()
    expect_reading(page, "3")

    page.get_by_text("Light on dark").click()
    expect_words(page, "Hold a digit")
    page.locator(".st-key-ink").get_by_text("Automatic", exact=True).click()
    expect_reading(page, "3")

    # A box too narrow for the digit.
    page.get_by_text("Box", exact=True).click()
    page.locator(".st-key-roi_width input[type=range]").press("Home")
    expect_words(page, "Hold a digit")
    page.locator(".st-key-roi_width input[type=range]").press("End")
    expect_reading(page, "3")

    # The key pauses the reading but not the video.
    page.keyboard.press("p")
    expect_words(page, "Paused")
    # Chromium does not play what nobody can see.
    player(page).locator("video").scroll_into_view_if_needed()
    before = video_time(page)
    page.wait_for_timeout(1500)
    assert video_time(page) > before
    page.get_by_text("Pause reading").click()
    expect_reading(page, "3")

    press(page, "Stop")
    expect_words(page, "Press Start")
    press(page, "Start")
    expect_reading(page, "3")


@pytest.mark.slow
def test_layout_on_a_phone_has_the_reading_before_the_settings(
    app: str, tmp_path: Path, open_camera: OpenCamera
) -> None:
    one = film(tmp_path / "one.y4m", "3")
    page = open_camera(app, with_film(one), script=ASKED)
    press(page, "Start")
    expect_reading(page, "3")
    expect_back_camera(player(page).locator("video"))
    video, shown, settings = (
        page.locator(f".st-key-{key}") for key in ("video", "live_reading", "webcam_settings")
    )
    # Beside the video on a wide screen …
    assert left_top(shown)[0] > left_top(video)[0] + 200
    assert abs(left_top(shown)[1] - left_top(video)[1]) < 50
    # … else below it, on the first screen, and above the settings.
    page.set_viewport_size({"width": 390, "height": 844})
    expect(shown).to_be_in_viewport()
    assert left_top(shown)[0] == left_top(video)[0]
    assert left_top(video)[1] < left_top(shown)[1] < left_top(settings)[1]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def left_top(element: Locator) -> tuple[float, float]:
    box = element.bounding_box()
    assert box is not None
    return box["x"], box["y"]


@pytest.mark.slow
def test_video_can_start_again_after_another_page(
    app: str, tmp_path: Path, open_camera: OpenCamera
) -> None:
    one = film(tmp_path / "one.y4m", "7")
    page = open_camera(app, with_film(one))
    press(page, "Start")
    expect_reading(page, "7")
    page.get_by_role("link", name="Draw").click()
    expect(page.locator(".st-key-reading")).to_contain_text("Draw a digit")
    page.get_by_role("link", name="Webcam").click()
    expect_words(page, "Press Start")
    press(page, "Start")
    expect_reading(page, "7")


@pytest.mark.slow
def test_empty_sheet_has_no_reading(app: str, tmp_path: Path, open_camera: OpenCamera) -> None:
    empty = film(tmp_path / "empty.y4m", "")
    page = open_camera(app, with_film(empty))
    press(page, "Start")
    expect_words(page, "Hold a digit")
    for _ in range(10):
        assert not re.search(r"\d", reading(page).inner_text())
        page.wait_for_timeout(200)


def test_blocked_camera_is_explained_and_a_picture_can_be_read(
    app: str, tmp_path: Path, open_camera: OpenCamera
) -> None:
    page = open_camera(app, [*CAMERA, "--deny-permission-prompts"])
    press(page, "Start")
    expect(page.get_by_text("The camera is blocked for this page.")).to_be_visible()
    expect_words(page, "Press Start")
    picture = tmp_path / "sheet.png"
    cv2.imwrite(str(picture), sheet(4, 7, side=120))
    page.locator("input[type=file]").set_input_files(picture)
    expect(page.locator(".st-key-photo_reading")).to_have_text(re.compile(r"^\s*47\s*$"))


@pytest.mark.slow
def test_missing_camera_is_explained(app: str, open_camera: OpenCamera) -> None:
    # Some browsers cannot query permissions.
    script = "Object.defineProperty(Navigator.prototype, 'permissions', { value: undefined })"
    page = open_camera(app, [], script=script)
    expect(page.get_by_text("No camera found.")).to_be_visible()
    expect(page.locator("input[type=file]")).to_be_attached()


@pytest.mark.slow
def test_insecure_address_is_explained(tmp_path: Path, open_camera: OpenCamera) -> None:
    # Chromium would try HTTPS first.
    named = ["--host-resolver-rules=MAP lab.test 127.0.0.1", "--disable-features=HttpsUpgrades"]
    with running_app(tmp_path / "log.txt", "--server.allowedHosts=lab.test") as address:
        port = address.rsplit(":", 1)[1]
        page = open_camera(f"http://lab.test:{port}", [*ALLOWED, *named])
        expect(page.get_by_text("Cameras do not work at this address.")).to_be_visible()
        expect(page.locator("input[type=file]")).to_be_attached()


def test_snapshot_is_read(app: str, tmp_path: Path, open_camera: OpenCamera) -> None:
    one = film(tmp_path / "one.y4m", "5")
    page = open_camera(app, with_film(one))
    page.get_by_text("Snapshot", exact=True).click()
    # Chromium does not play what nobody can see.
    page.get_by_role("button", name="Take Photo").scroll_into_view_if_needed()
    # The button is there before the camera's first picture.
    video = "document.querySelector('[data-testid=stCameraInput] video')"
    page.wait_for_function(f"{video}?.readyState === 4 && {video}.currentTime > 0.5")
    page.get_by_role("button", name="Take Photo").click()
    expect(page.locator(".st-key-photo_reading")).to_have_text(re.compile(r"^\s*5\s*$"))


@pytest.mark.slow
@pytest.mark.parametrize("stop", [True, False], ids=["stopped", "tab closed"])
def test_ended_video_frees_threads_and_memory(
    stop: bool, tmp_path: Path, open_camera: OpenCamera
) -> None:
    one = film(tmp_path / "one.y4m", "3")
    arguments = with_film(one)
    # With one arena, freed memory is not kept separately for each thread.
    with running_app(tmp_path / "log.txt", MALLOC_ARENA_MAX="1") as app:
        # The first visit loads what stays loaded: the model, codecs, thread pools.
        visit(open_camera, app, arguments, stop=stop)
        after = [(settled_threads(app), resident(app))]
        for _ in range(VISITS):
            visit(open_camera, app, arguments, stop=stop)
            after.append((settled_threads(app), resident(app)))
    # A leak grows with each visit. A pool that grows once, or memory that is freed one visit later,
    # does not: so the median is tested, not the sum.
    threads, megabytes = np.median(np.diff(after, axis=0), axis=0)
    # A video has four threads; its frames and codecs take tens of megabytes.
    assert threads < THREADS_OF_A_VIDEO, after
    assert megabytes < MEGABYTES_OF_A_VIDEO, after


def visit(open_camera: OpenCamera, app: str, arguments: list[str], *, stop: bool) -> None:
    """Start the video, wait for a reading, and stop it or close the tab."""
    page = open_camera(app, arguments)
    press(page, "Start")
    expect_reading(page, "3")
    if stop:
        press(page, "Stop")
        expect_words(page, "Press Start")
    page.close()


def status(app: Address, field: str) -> int:
    path = Path(f"/proc/{app.pid}/status")
    if not path.exists():
        pytest.skip("This machine has no /proc")
    found = re.search(rf"^{field}:\s*(\d+)", path.read_text(), re.MULTILINE)
    assert found
    return int(found[1])


def resident(app: Address) -> float:
    """The app's resident memory in MB."""
    return status(app, "VmRSS") / 1024


def settled_threads(app: Address, seconds: float = 60) -> int:
    """The number of the app's threads, once it has been constant for five seconds."""
    threads, since, end = status(app, "Threads"), time.monotonic(), time.monotonic() + seconds
    while time.monotonic() < min(end, since + 5):
        time.sleep(0.5)
        now = status(app, "Threads")
        if now != threads:
            threads, since = now, time.monotonic()
    return threads
