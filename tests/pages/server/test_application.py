"""The app as `streamlit run` serves it: below a path, started elsewhere, with a page that fails."""

from __future__ import annotations

import asyncio
import ctypes
import http.client
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest
from browser.conftest import ROOT, running_app
from streamlit.runtime.scriptrunner import StopException
from support.servers import encode_digit
from support.visitors import visitor
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from pages.server import application

SetOption = Callable[[str, object], None]

BASE, TOKEN = "/digits", "a-token-of-24-characters"
SECRET = "the text of an error"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("app") / "log.txt"


@pytest.fixture(scope="module")
def host(log: Path) -> Iterator[str]:
    """The app, started from another folder, whose canvas raises an error; and a token."""
    (log.parent / "streamlit_drawable_canvas.py").write_text(
        f"def st_canvas(**options):\n    raise RuntimeError({SECRET!r})\n"
    )
    with running_app(
        log,
        folder=log.parent,
        base=BASE,
        PYTHONPATH=str(log.parent),
        MNIST_API=json.dumps({"access": "token", "token": TOKEN}),
    ) as address:
        yield urlsplit(address).netloc


def test_strokes_are_read_while_the_page_is_open(host: str) -> None:
    with visitor(host, BASE, "webcam") as ann:
        url = f"ws://{host}{BASE}/live/strokes?model=mlp&session="
        with connect(url + ann.session, proxy=None) as socket:
            socket.send(encode_digit(4))
            assert json.loads(socket.recv(30))["text"] == "4"
            with pytest.raises(InvalidStatus):
                connect(url + "another", proxy=None).__enter__()
            session = ann.session
    # The page is closed.
    with pytest.raises((InvalidStatus, ConnectionClosed)):
        for _ in range(50):
            with connect(url + session, proxy=None):
                time.sleep(0.1)


def test_api_wants_the_token_of_the_settings(host: str) -> None:
    request = urllib.request.Request(f"http://{host}{BASE}/api/read?model=mlp", encode_digit(7))
    with pytest.raises(HTTPError, match="401"):
        urllib.request.urlopen(request)
    request.add_header("Authorization", f"Bearer {TOKEN}")
    assert json.load(urllib.request.urlopen(request))["text"] == "7"
    with pytest.raises(HTTPError, match="404"):
        urllib.request.urlopen(f"http://{host}{BASE}/api/nothing")


def test_uploads_need_the_token_of_the_page(host: str) -> None:
    """A foreign page can let a visitor's browser send a file, but not read the page's token."""
    with visitor(host, BASE) as ann:
        url = f"http://{host}{BASE}/_stcore/upload_file/{ann.session}/a-file"
        for headers in ({}, {"X-Xsrftoken": "forged"}):
            request = urllib.request.Request(url, encode_digit(7), headers, method="PUT")
            with pytest.raises(HTTPError, match="403"):
                urllib.request.urlopen(request)


def test_page_that_fails_shows_a_sentence_and_no_traceback(host: str, log: Path) -> None:
    with visitor(host, BASE) as ann:
        elements = [message.delta.new_element for message in ann.messages]
    shown = "".join(map(str, elements))
    assert "This page has failed. Reload it to go on." in shown
    assert not any(element.HasField("exception") for element in elements)
    for inside in (SECRET, "RuntimeError", "Traceback", str(ROOT)):
        assert inside not in shown
    assert SECRET in log.read_text()


def test_server_without_litert_ends_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    with pytest.raises(SystemExit) as ended:
        application.routes()
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert "The server cannot start. Reading needs LiteRT" in error
    assert "For Intel Macs there is no such package" in error
    assert error.endswith("Received: Darwin, x86_64\n")


def test_wrong_setting_ends_the_server_with_a_sentence() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"],
        cwd=ROOT,
        env=os.environ | {"MNIST_API": '{"access": "everybody"}'},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 2
    assert "The server cannot start. $MNIST_API: The setting 'access' must be" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("options", "opened"),
    [
        ({"server.headless": True}, []),
        ({}, ["http://localhost:8501"]),
        ({"server.address": "0.0.0.0"}, ["http://localhost:8501"]),
        ({"server.address": "192.0.2.1"}, ["http://192.0.2.1:8501"]),
        (
            {"browser.serverAddress": "lab.example", "server.baseUrlPath": "/digits/"},
            ["http://lab.example:8501/digits"],
        ),
    ],
)
def test_browser_is_opened_unless_the_server_is_headless(
    options: dict[str, object],
    opened: list[str],
    set_option: SetOption,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    urls: list[str] = []
    monkeypatch.setattr(application.cli_util, "open_browser", urls.append)
    for name, value in {"server.headless": False, "browser.serverPort": 8501, **options}.items():
        set_option(name, value)

    async def start() -> None:
        async with application.lifespan(None):
            assert urls == opened

    asyncio.run(start())


def test_large_upload_is_refused_before_the_server_has_it(host: str) -> None:
    with visitor(host, BASE) as ann:
        connection = http.client.HTTPConnection(host, timeout=30)
        connection.request("GET", f"{BASE}/_stcore/health")
        response = connection.getresponse()
        response.read()
        cookie = str(response.getheader("Set-Cookie")).partition(";")[0]
        connection.putrequest("PUT", f"{BASE}/_stcore/upload_file/{ann.session}/file")
        connection.putheader("Cookie", cookie)
        connection.putheader("X-Xsrftoken", cookie.partition("=")[2])
        # Only announced: 65 MB are more than `server.maxUploadSize` in .streamlit/config.toml.
        connection.putheader("Content-Length", str(65 * 2**20))
        connection.endheaders()
        assert connection.getresponse().status == 413
        connection.close()


def test_failure_of_a_run_that_is_being_stopped_is_not_another_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stop(_: str) -> None:
        raise StopException

    monkeypatch.setattr(application.st, "error", stop)
    assert application.show_failure(ValueError())


def test_server_computes_with_one_thread_of_openblas() -> None:
    """Threads that wait for a busy core spin."""
    program = (
        "import app, json, numpy, scipy.linalg, threadpoolctl;"
        "print(json.dumps(threadpoolctl.threadpool_info()))"
    )
    environment = {key: value for key, value in os.environ.items() if "OPENBLAS" not in key}
    process = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, check=True
    )
    libraries = json.loads(process.stdout.splitlines()[-1])
    assert [library["num_threads"] for library in libraries if library["user_api"] == "blas"]
    assert all(
        library["num_threads"] == 1 for library in libraries if library["user_api"] == "blas"
    )


# Reads in a new thread each time, as Streamlit does, and prints the bytes that each one leaves.
READ_IN_THREADS = """
import app, ctypes, gc, threading
from support.own_strokes import OWN_STROKES
from support.strokes import drawn_digit
from mnist_core import load_recognizer

class Usage(ctypes.Structure):
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in names.split()]

glibc = ctypes.CDLL(None)
glibc.mallinfo2.restype = Usage
recognizer, drawing = load_recognizer("cnn"), drawn_digit(OWN_STROKES[4])

def used_after(threads):
    for _ in range(threads):
        thread = threading.Thread(target=recognizer.read, args=(drawing,))
        thread.start()
        thread.join()
    gc.collect()
    usage = glibc.mallinfo2()
    return usage.uordblks + usage.hblkhd

before = used_after(100)
print((used_after(400) - before) / 400)
"""


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="needs glibc"
)
def test_threads_that_have_read_leave_nothing_behind() -> None:
    process = subprocess.run(
        [sys.executable, "-c", READ_IN_THREADS],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        text=True,
        check=True,
    )
    # With OpenCV's own threads, 880 bytes.
    assert float(process.stdout.splitlines()[-1]) < 100
