"""A running app and a headless Chromium that opens it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pluggy
import pytest
from browser.chromium import find
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent.parent
ARTIFACTS = ROOT / "test-artifacts"
# Test machines are slow and busy: a late element is not an error.
expect.set_options(timeout=60_000)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The window that nobody sees would get processes for its address bar: a page of the app took
    # 2.8 s of processor time to open instead of 1.7.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,PreloadTopChromeWebUI",
]
FAILED = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            # A busy machine can lose a click between two reruns of a page. Real errors fail three
            # times.
            item.add_marker(pytest.mark.flaky(reruns=2))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pluggy.Result[pytest.TestReport]]:
    outcome = yield
    if call.when == "call":
        item.stash[FAILED] = outcome.get_result().failed


def keep_picture(item: pytest.Item, pages: Iterable[Page]) -> None:
    """Keep what the pages of a failed test show, in `ARTIFACTS`."""
    if item.stash.get(FAILED, False):
        ARTIFACTS.mkdir(exist_ok=True)
        for number, page in enumerate(pages):
            page.screenshot(path=ARTIFACTS / f"{item.name}-{number}.png")


class Address(str):
    """The address of an app, with its process ID."""

    __slots__ = ("pid",)
    pid: int


@contextmanager
def running_app(
    log: Path, *options: str, folder: Path = ROOT, base: str = "", **environment: str
) -> Iterator[Address]:
    """Run the app on a free local port; yields its address.

    Args:
        log: for the output.
        options: of `streamlit run`.
        folder: the working directory.
        base: the option `server.baseUrlPath`, such as "/digits".
        environment: variables.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = Address(f"http://127.0.0.1:{port}{base}")
    options = (
        *("--server.headless=true", "--server.address=127.0.0.1", f"--server.port={port}"),
        *(f"--server.baseUrlPath={base}", *options),
    )
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), *options],
            cwd=folder,
            env=os.environ | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    address.pid = process.pid
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
                break
            except OSError:
                assert process.poll() is None, log.read_text()
                time.sleep(0.25)
        else:
            pytest.fail(f"The app did not start:\n{log.read_text()}")
        yield address
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """The address of one app for all tests, with the bundled models."""
    with running_app(tmp_path_factory.mktemp("app") / "log.txt") as address:
        yield address


# One per file: while Playwright runs, so does its event loop, and other tests in this thread cannot
# run another loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = find()
    if path is None:
        pytest.fail("No Chromium. Install one with 'python tests/browser/chromium.py'.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """Open a page as a new visitor. Fails on JavaScript errors and on requests to other servers."""
    contexts, errors, elsewhere = [], [], []

    def open_page(
        address: str, path: str = "", *, width: int = 1280, height: int = 900, **options: object
    ) -> Page:
        options = {"reduced_motion": "reduce"} | options
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "request",
            lambda r: r.url.startswith((address, "data:", "blob:")) or elsewhere.append(r.url),
        )
        page.goto(f"{address}/{path}" if path else address)
        return page

    yield open_page
    keep_picture(request.node, [page for context in contexts for page in context.pages])
    for context in contexts:
        context.close()
    assert not errors, errors
    assert not elsewhere, f"The page sent requests to {elsewhere}"
