"""What people do on the Webcam page, in a real browser whose camera is a film."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from browser.chromium import find
from browser.conftest import ARGUMENTS, ARTIFACTS, Address, running_app
from playwright.sync_api import Browser, Download, FrameLocator, Locator, Page, expect
from support.sheets import film, sheet

CAMERA = ["--use-fake-device-for-media-stream"]
ALLOWED = [*CAMERA, "--use-fake-ui-for-media-stream"]
# Browser, app and video share two cores here.
PATIENT = 45_000
# Visits that are compared, and what one of them would leave behind.
VISITS = 3
THREADS_OF_A_VIDEO, MEGABYTES_OF_A_VIDEO = 4, 20


@pytest.fixture(scope="session")
def two_numbers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film: six seconds of a 3, then six of 472."""
    return film(tmp_path_factory.mktemp("films") / "two.mjpeg", "3", "472", frames=180)


OpenCamera = Callable[..., Page]


@pytest.fixture
def open_camera(browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenCamera]:
    """Open the page in a browser of its own, whose arguments say what camera it has."""
    browsers, errors = [], []

    def open_camera(address: str, arguments: list[str], *, script: str = "") -> Page:
        own = browser.browser_type.launch(
            executable_path=find_once(), args=[*ARGUMENTS, *arguments]
        )
        browsers.append(own)
        page = own.new_page(viewport={"width": 1280, "height": 1000})
        page.add_init_script(script)
        page.set_default_timeout(PATIENT)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{address}/webcam")
        expect(page.get_by_role("heading", name="Show a digit")).to_be_visible()
        return page

    yield open_camera
    ARTIFACTS.mkdir(exist_ok=True)
    for number, own in enumerate(browsers):
        for context in own.contexts:
            for page in context.pages:
                page.screenshot(path=ARTIFACTS / f"{request.node.name}-{number}.png")
        own.close()
    assert not errors, errors


def find_once() -> Path | str | None:
    return find_once.path  # type: ignore[attr-defined]


# Playwright cannot be started twice in one thread, and looking for its Chromium starts it.
find_once.path = find()  # type: ignore[attr-defined]


def player(page: Page) -> FrameLocator:
    return page.frame_locator(".st-key-video iframe")


def press(page: Page, button: str) -> None:
    player(page).get_by_role("button", name=button, exact=True).click()


def reading(page: Page) -> Locator:
    return page.locator(".st-key-live_reading")


def expect_reading(page: Page, number: str) -> None:
    expect(reading(page)).to_have_text(re.compile(rf"^\s*({number})\s*$"), timeout=PATIENT)


def expect_words(page: Page, words: str) -> None:
    expect(reading(page)).to_contain_text(words, timeout=PATIENT)


def playing(page: Page) -> float:
    """The time in the video that the page shows, in seconds."""
    return float(player(page).locator("video").evaluate("video => video.currentTime"))


def test_a_number_is_read_and_the_reading_follows(
    app: str, two_numbers: Path, open_camera: OpenCamera
) -> None:
    page = open_camera(app, [*ALLOWED, f"--use-file-for-fake-video-capture={two_numbers}"])
    expect_words(page, "Press Start")
    assert not re.search(r"\d", reading(page).inner_text())
    press(page, "Start")
    expect_reading(page, "3|472")
    # The film changes, and so does the reading, to the one and to the other.
    expect_reading(page, "472")
    expect_reading(page, "3")
    expect(
        page.get_by_text(re.compile(r"\d+ frames per second · \d+\.\d ms per frame"))
    ).to_be_visible()
    expect(page.locator(".st-key-processed img")).to_have_attribute(
        "src", re.compile("^data:image/png;base64,")
    )
    expect(page.locator(".st-key-history")).to_be_visible()
    for _ in range(2):  # one file each time
        saved = save_snapshot(page)
        assert saved.suggested_filename == "snapshot.png"
        snapshot = cv2.imread(str(saved.path()))
        assert snapshot is not None
        assert snapshot.shape[:2] == (480, 640)


def save_snapshot(page: Page) -> Download:
    with page.expect_download(timeout=PATIENT) as download:
        page.get_by_role("button", name="Save a snapshot").click()
    return download.value


def test_settings_act_on_the_running_video(
    app: str, tmp_path: Path, open_camera: OpenCamera
) -> None:
    one = film(tmp_path / "one.mjpeg", "3", frames=60)
    page = open_camera(app, [*ALLOWED, f"--use-file-for-fake-video-capture={one}"])
    press(page, "Start")
    expect_reading(page, "3")

    page.get_by_text("Automatic threshold").click()
    slider = page.locator(".st-key-threshold input[type=range]")
    expect(slider).to_be_enabled()
    slider.press("Home")
    expect_words(page, "Hold a digit")
    page.get_by_text("Automatic threshold").click()
    expect_reading(page, "3")

    page.get_by_text("light on dark").click()
    expect_words(page, "Hold a digit")
    page.get_by_text("automatic", exact=True).click()
    expect_reading(page, "3")

    # A box in which the digit is not.
    page.get_by_text("The box: only what lies wholly inside is read").click()
    page.locator(".st-key-roi_width input[type=range]").press("Home")
    expect_words(page, "Hold a digit")
    page.locator(".st-key-roi_width input[type=range]").press("End")
    expect_reading(page, "3")

    # Paused by the key: the video goes on.
    page.keyboard.press("p")
    expect_words(page, "Paused")
    before = playing(page)
    page.wait_for_timeout(1500)
    assert playing(page) > before
    page.get_by_role("button", name="Resume reading").click()
    expect_reading(page, "3")

    press(page, "Stop")
    expect_words(page, "Press Start")
    press(page, "Start")
    expect_reading(page, "3")


def test_on_a_phone_the_reading_stands_before_the_settings(
    app: str, tmp_path: Path, open_camera: OpenCamera
) -> None:
    one = film(tmp_path / "one.mjpeg", "3", frames=60)
    page = open_camera(app, [*ALLOWED, f"--use-file-for-fake-video-capture={one}"])
    press(page, "Start")
    expect_reading(page, "3")
    video, shown, settings = (
        page.locator(f".st-key-{key}") for key in ("video", "live_reading", "webcam_settings")
    )
    # Beside the video where there is room for both …
    assert left_top(shown)[0] > left_top(video)[0] + 200
    assert abs(left_top(shown)[1] - left_top(video)[1]) < 50
    # … else below it, on the first screen, and before what is seldom needed.
    page.set_viewport_size({"width": 390, "height": 844})
    expect(shown).to_be_in_viewport()
    assert left_top(shown)[0] == left_top(video)[0]
    assert left_top(video)[1] < left_top(shown)[1] < left_top(settings)[1]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def left_top(element: Locator) -> tuple[float, float]:
    box = element.bounding_box()
    assert box is not None
    return box["x"], box["y"]


def test_another_page_and_back(app: str, tmp_path: Path, open_camera: OpenCamera) -> None:
    one = film(tmp_path / "one.mjpeg", "7", frames=60)
    page = open_camera(app, [*ALLOWED, f"--use-file-for-fake-video-capture={one}"])
    press(page, "Start")
    expect_reading(page, "7")
    page.get_by_role("link", name="Draw").click()
    expect(page.locator(".st-key-reading")).to_contain_text("Draw a digit")
    page.get_by_role("link", name="Webcam").click()
    expect_words(page, "Press Start")
    press(page, "Start")
    expect_reading(page, "7")


def test_an_empty_sheet_reads_nothing(app: str, tmp_path: Path, open_camera: OpenCamera) -> None:
    empty = film(tmp_path / "empty.mjpeg", "", frames=60)
    page = open_camera(app, [*ALLOWED, f"--use-file-for-fake-video-capture={empty}"])
    press(page, "Start")
    expect_words(page, "Hold a digit")
    for _ in range(10):
        assert not re.search(r"\d", reading(page).inner_text())
        page.wait_for_timeout(200)


def test_a_denied_camera_says_so_and_a_picture_can_be_sent(
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


def test_without_a_camera_the_page_says_so(app: str, open_camera: OpenCamera) -> None:
    # Some browsers tell no permissions.
    silent = "Object.defineProperty(Navigator.prototype, 'permissions', { value: undefined })"
    page = open_camera(app, [], script=silent)
    expect(page.get_by_text("No camera was found.")).to_be_visible()
    expect(page.locator("input[type=file]")).to_be_attached()


def test_an_address_that_is_not_safe_gets_no_camera_and_says_why(
    app: str, open_camera: OpenCamera
) -> None:
    port = app.rsplit(":", 1)[1]
    # Chromium would try HTTPS first.
    named = ["--host-resolver-rules=MAP lab.test 127.0.0.1", "--disable-features=HttpsUpgrades"]
    page = open_camera(f"http://lab.test:{port}", [*ALLOWED, *named])
    expect(page.get_by_text("No camera can be used at this address.")).to_be_visible()
    expect(page.locator("input[type=file]")).to_be_attached()


# Such a browser finds the server by way of a TURN server only, and there is none.
BEHIND_A_FIREWALL = """
const Connection = window.RTCPeerConnection
window.RTCPeerConnection = function (configuration) {
  return new Connection({ ...configuration, iceTransportPolicy: "relay" })
}
"""


def test_a_connection_that_is_not_made_is_told(
    app: str, tmp_path: Path, open_camera: OpenCamera
) -> None:
    one = film(tmp_path / "one.mjpeg", "3", frames=60)
    page = open_camera(
        app, [*ALLOWED, f"--use-file-for-fake-video-capture={one}"], script=BEHIND_A_FIREWALL
    )
    press(page, "Start")
    expect(page.get_by_text("No video has come in 10 seconds.")).to_be_visible(timeout=PATIENT)


def test_a_snapshot_is_read(app: str, tmp_path: Path, open_camera: OpenCamera) -> None:
    one = film(tmp_path / "one.mjpeg", "5", frames=60)
    page = open_camera(app, [*ALLOWED, f"--use-file-for-fake-video-capture={one}"])
    page.get_by_text("Snapshot", exact=True).click()
    page.get_by_role("button", name="Take Photo").click()
    expect(page.locator(".st-key-photo_reading")).to_have_text(re.compile(r"^\s*5\s*$"))


@pytest.mark.slow
@pytest.mark.parametrize("stop", [True, False], ids=["stopped", "tab closed"])
def test_a_video_that_ends_frees_everything(
    stop: bool, tmp_path: Path, open_camera: OpenCamera
) -> None:
    one = film(tmp_path / "one.mjpeg", "3", frames=60)
    arguments = [*ALLOWED, f"--use-file-for-fake-video-capture={one}"]
    # One arena: memory that is free again is not kept apart for every thread.
    with running_app(tmp_path / "log.txt", MALLOC_ARENA_MAX="1") as app:
        # The first visit loads what stays: the model, the codecs, pools of threads.
        visit(open_camera, app, arguments, stop=stop)
        after = [(settled_threads(app), resident(app))]
        for _ in range(VISITS):
            visit(open_camera, app, arguments, stop=stop)
            after.append((settled_threads(app), resident(app)))
    # What is not freed is left by each visit. A pool that grows once, or memory that a busy machine
    # gives back a visit later, is not: so the usual visit tells, not the sum of all.
    threads, megabytes = np.median(np.diff(after, axis=0), axis=0)
    # A video has four threads of its own; its frames and codecs are tens of megabytes.
    assert threads < THREADS_OF_A_VIDEO, after
    assert megabytes < MEGABYTES_OF_A_VIDEO, after


def visit(open_camera: OpenCamera, app: str, arguments: list[str], *, stop: bool) -> None:
    """Start the video, read, and stop it or close the tab."""
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
        pytest.skip("This machine does not tell of its processes in /proc")
    found = re.search(rf"^{field}:\s*(\d+)", path.read_text(), re.MULTILINE)
    assert found
    return int(found[1])


def resident(app: Address) -> float:
    """The app's memory, in megabytes."""
    return status(app, "VmRSS") / 1024


def settled_threads(app: Address, seconds: float = 60) -> int:
    """The app's threads, once they have not changed for five seconds."""
    threads, since, end = status(app, "Threads"), time.monotonic(), time.monotonic() + seconds
    while time.monotonic() < min(end, since + 5):
        time.sleep(0.5)
        now = status(app, "Threads")
        if now != threads:
            threads, since = now, time.monotonic()
    return threads
