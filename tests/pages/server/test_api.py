"""The HTTP API: readings, errors, who may use it, and its description."""

from __future__ import annotations

import http.client
import json
import re
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send
from support.servers import encode_digit, serving

from mnist_core.__main__ import main
from mnist_core.registry.card import TFLITE
from pages.server import guard
from pages.server.api import DESCRIPTION, Api
from pages.server.settings import ApiSettings

SetOption = Callable[[str, object], None]

TOKEN = "a-token-of-24-characters"
IMAGE = encode_digit(4)
DOCUMENT = json.loads(DESCRIPTION.read_text())


def served(*, upload: float = 30, distant: bool = False, **options: Any) -> Any:
    """Serve the API with these settings; `distant` makes all programs come from elsewhere."""
    application: ASGIApp = Starlette(
        routes=[Mount("/api", Api(ApiSettings(**options), upload).application())]
    )

    async def from_elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
        await application(scope | {"client": ("192.0.2.1", 1)}, receive, send)

    return serving(from_elsewhere if distant else application)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with served() as host:
        yield host


def ask(
    host: str, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, Any, http.client.HTTPMessage]:
    """The status, the JSON and the headers of an answer; it must be as the description says."""
    connection = http.client.HTTPConnection(host, timeout=30)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, f"/api{path}", body, names)
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    assert response.headers["Content-Type"] == "application/json"
    check_described(method, path.partition("?")[0], response.status, answer)
    return response.status, answer, response.headers


def check_described(method: str, path: str, status: int, answer: object) -> None:
    operation = DOCUMENT["paths"].get(path, {}).get(method.lower())
    if operation is None:
        assert status in (404, 405)
        schema = {"$ref": "#/components/schemas/Error"}
    else:
        (media,) = operation["responses"][str(status)]["content"].values()
        schema = media["schema"]
    jsonschema.validate(answer, schema | {"components": DOCUMENT["components"]})


def form(content: bytes, name: str = "image", file: str | None = "four.png") -> dict[str, Any]:
    """The body and the header of a form with one field."""
    filename = f'; filename="{file}"' if file else ""
    head = f'--XX\r\nContent-Disposition: form-data; name="{name}"{filename}\r\n\r\n'
    body = head.encode() + content + b"\r\n--XX--\r\n"
    return {"body": body, "Content_Type": "multipart/form-data; boundary=XX"}


@pytest.mark.parametrize("model", ["mlp", "cnn"])
def test_reading_is_what_the_command_line_prints(
    server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], model: str
) -> None:
    path = tmp_path / "four.png"
    path.write_bytes(IMAGE)
    assert main(["read", "--json", "--model", model, str(path)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["text"] == "4"
    _, from_form, headers = ask(server, "POST", f"/read?model={model}", **form(IMAGE))
    assert from_form == printed | {"file": "four.png"}
    assert float(headers["Server-Timing"].removeprefix("read;dur=")) > 0
    _, from_body, _ = ask(server, "POST", f"/read?model={model}", IMAGE)
    assert from_body == printed | {"file": None}


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_formats_of_the_photo_tab_are_read(server: str, suffix: str) -> None:
    image = encode_digit(7, suffix)
    assert ask(server, "POST", "/read?model=mlp", image)[1]["text"] == "7"
    # No claim of the sender about the format matters.
    answer = ask(server, "POST", "/read?model=mlp", image, Content_Type="text/html")
    assert answer[1]["text"] == "7"


@settings(max_examples=50)
@given(content=st.binary(max_size=300))
@example(content=b"")
@example(content=IMAGE[:200])
@example(content=encode_digit(4, ".jpg")[:900])
def test_garbage_is_answered_by_a_sentence(server: str, content: bytes) -> None:
    for request in ({"body": content}, form(content)):
        status, answer, _ = ask(server, "POST", "/read?model=mlp", **request)
        assert status == 400
        assert "Received: " in answer["error"]


def test_simultaneous_readings_are_not_mixed_up(server: str) -> None:
    images = {digit: encode_digit(digit) for digit in range(10)}

    def wrong(number: int) -> int:
        digit, model = number % 10, ("mlp", "cnn")[number % 2]
        answer = ask(server, "POST", f"/read?model={model}", images[digit])
        return answer[1]["text"] != str(digit)

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(wrong, range(160))) == 0


def test_ink_is_a_parameter_as_on_the_command_line(server: str) -> None:
    assert ask(server, "POST", "/read?model=mlp&ink=light", IMAGE)[1]["text"] == "4"
    assert ask(server, "POST", "/read?model=mlp&ink=dark", IMAGE)[1]["text"] != "4"


def test_models_are_what_the_command_line_prints(
    server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "--json"]) == 0
    assert ask(server, "GET", "/models")[1] == json.loads(capsys.readouterr().out)


# Each documented error is provoked by one of these or by the tests below; see the last test.
@pytest.mark.parametrize(
    ("method", "path", "request_", "status", "message"),
    [
        ("POST", "/read?ink=red", {"body": IMAGE}, 400, "auto, light, dark. Received: 'red'"),
        ("POST", "/read", form(b"x", file=None), 400, "form has no file"),
        ("POST", "/read", {"Content_Type": "multipart/form-data"}, 400, "boundary"),
        ("POST", "/read?model=none", {"body": IMAGE}, 404, "Received: 'none'"),
        ("POST", "/read?model=../mlp", {"body": IMAGE}, 404, "Received: '../mlp'"),
        ("GET", "/read", {}, 405, "Use POST here. Received: GET"),
        ("POST", "/models", {}, 405, "Use .*GET.* here. Received: POST"),
        ("GET", "/nothing", {}, 404, "Received: /api/nothing"),
        ("GET", "/", {}, 404, "no such address"),
    ],
)
def test_errors_are_explained(
    server: str, method: str, path: str, request_: dict[str, Any], status: int, message: str
) -> None:
    received, answer, _ = ask(server, method, path, **request_)
    assert received == status
    assert answer.keys() == {"error"}
    assert re.search(message, answer["error"])


def test_damaged_model_is_explained(models: Path, server: str) -> None:
    (models / "cnn" / TFLITE).write_bytes(b"damaged")
    status, answer, _ = ask(server, "POST", "/read?model=cnn", IMAGE)
    assert (status, "cnn" in answer["error"]) == (500, True)
    assert ask(server, "POST", "/read?model=mlp", IMAGE)[0] == 200


def test_fault_is_told_without_its_traceback(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnist_core.Recognizer.analyze", lambda *_, **__: 1 / 0)
    status, answer, _ = ask(server, "POST", "/read?model=mlp", IMAGE)
    assert status == 500
    assert answer["error"] == "The server failed. Its log has the details."


def test_large_files_are_refused(set_option: SetOption) -> None:
    set_option("server.maxUploadSize", 1)
    with served() as host:
        for request in ({"body": bytes(2**20 + 1)}, form(bytes(2**20))):
            status, answer, _ = ask(host, "POST", "/read?model=mlp", **request)
            assert (status, "at most 1 MB" in answer["error"]) == (413, True)
        # One that fits is a matter of the decoder.
        assert ask(host, "POST", "/read?model=mlp", bytes(2**20))[0] == 400


def test_slow_uploads_are_ended() -> None:
    with served(upload=0.2) as host:
        name, _, port = host.partition(":")
        with socket.create_connection((name, int(port)), timeout=30) as connection:
            head = f"POST /api/read HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000\r\n\r\n"
            connection.sendall(head.encode() + b"123")
            response = http.client.HTTPResponse(connection)
            response.begin()
            assert response.status == 408
            answer = json.loads(response.read())
            check_described("POST", "/read", 408, answer)
            assert "within 0.2 s" in answer["error"]


def test_readings_per_second_are_limited_for_distant_programs() -> None:
    options = {"access": "open", "readings_per_second": 2.0}
    with served(distant=True, **options) as host:
        answers = [ask(host, "POST", "/read?model=mlp", IMAGE) for _ in range(5)]
    refused = [answer for answer in answers if answer[0] == 429]
    assert 1 <= len(refused) <= 3
    for _, answer, headers in refused:
        assert "At most 2 readings per second" in answer["error"]
        assert headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("distant", "headers", "expected"),
    [
        (False, {}, 200),
        (False, {"Host": "localhost:8501"}, 200),
        (False, {"Host": "[::1]:8501"}, 200),
        (True, {}, 403),
        # Another name leads to this machine: a foreign page, or a proxy.
        (False, {"Host": "evil.example"}, 403),
        (False, {"Host": "localhost.evil.example"}, 403),
        (False, {"X_Real_IP": "192.0.2.1"}, 403),
        (False, {"X_Forwarded_For": "192.0.2.1"}, 403),
        (False, {"Forwarded": "for=192.0.2.1"}, 403),
    ],
)
def test_default_is_for_programs_on_this_machine(
    distant: bool, headers: dict[str, str], expected: int
) -> None:
    with served(distant=distant) as host:
        assert ask(host, "POST", "/read?model=mlp", IMAGE, **headers)[0] == expected
        for path in ("/models", "/openapi.json"):
            assert ask(host, "GET", path, **headers)[0] == expected
        assert ask(host, "GET", "/health", **headers)[:2] == (200, {"status": "ok"})


@pytest.mark.parametrize(
    ("access", "authorization", "expected"),
    [
        ("off", "", 403),
        ("open", "", 200),
        ("token", "", 401),
        ("token", "Bearer a-token-of-24-characterz", 401),
        ("token", f"Basic {TOKEN}", 401),
        ("token", TOKEN, 401),
        ("token", f"Bearer {TOKEN}", 200),
        ("token", f"bearer  {TOKEN} ", 200),
    ],
)
@pytest.mark.parametrize("distant", [False, True])
def test_access(access: str, authorization: str, expected: int, distant: bool) -> None:
    token = TOKEN if access == "token" else ""
    headers = {"Authorization": authorization} if authorization else {}
    with served(distant=distant, access=access, token=token) as host:
        for method, path in (("POST", "/read?model=mlp"), ("GET", "/models")):
            status, _, received = ask(host, method, path, IMAGE, **headers)
            assert status == expected
            assert (received["WWW-Authenticate"] == "Bearer") is (expected == 401)
        assert ask(host, "GET", "/health")[0] == 200


@pytest.mark.parametrize("mode", ["open", "shared", "read-only", "login"])
def test_programs_read_in_every_mode_and_change_nothing(
    mode: str, server: str, models: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pages' section [access] gives programs no more and no less; see docs/SECURITY.md."""
    monkeypatch.setenv("MNIST_ACCESS", json.dumps({"mode": mode}))

    def files() -> set[tuple[str, int]]:
        found = [path for folder in (models, runs) for path in folder.rglob("*")]
        return {(str(path), path.stat().st_mtime_ns) for path in found}

    before = files()
    assert ask(server, "POST", "/read?model=mlp", IMAGE)[1]["text"] == "4"
    assert ask(server, "GET", "/models")[0] == 200
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for path in ("/models", "/models/mlp", "/runs", "/corrections", "/health"):
            assert ask(server, method, path, b"{}")[0] in (404, 405)
    assert files() == before


def test_foreign_pages_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "is_url_from_allowed_origins", lambda _: False)
    with served(access="open") as host:
        for method, path in (("POST", "/read?model=mlp"), ("GET", "/models")):
            assert ask(host, method, path, IMAGE, Origin="https://evil.example")[0] == 403
            assert ask(host, method, path, IMAGE, Origin=f"http://{host}")[0] == 200


def test_description_is_served_and_names_what_is_served(server: str) -> None:
    assert ask(server, "GET", "/openapi.json")[1] == DOCUMENT
    jsonschema.Draft202012Validator.check_schema({"$defs": DOCUMENT["components"]["schemas"]})
    described = {
        (path, method.upper()) for path, methods in DOCUMENT["paths"].items() for method in methods
    }
    routes = Api(ApiSettings()).application().routes
    assert described == {
        (route.path, method) for route in routes for method in route.methods - {"HEAD"}
    }
    (image,) = DOCUMENT["paths"]["/read"]["post"]["requestBody"]["content"]["multipart/form-data"][
        "schema"
    ]["required"]
    assert ask(server, "POST", "/read?model=mlp", **form(IMAGE, name=image))[0] == 200
    names = {p["name"] for p in DOCUMENT["paths"]["/read"]["post"]["parameters"]}
    assert names == {"model", "ink"}
    # `ask` fails on a status that is not described; these are described, and each is provoked here.
    assert set(DOCUMENT["paths"]["/read"]["post"]["responses"]) == {
        *("200", "400", "401", "403", "404", "408", "413", "429", "500")
    }
