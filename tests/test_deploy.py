"""The files in deploy/: what they say, and the steps of the Dockerfile, run without Docker."""

from __future__ import annotations

import ipaddress
import json
import re
import shlex
import shutil
import subprocess
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from support.dockerfile import build, can_run, environment_of, parse, run_in, words_of
from support.servers import encode_digit

from mnist_core.storage.paths import PROJECT

DEPLOY = PROJECT / "deploy"
ARGUMENTS, STAGES = parse((DEPLOY / "Dockerfile").read_text())
LAST = STAGES[-1]
# The base image python:3.12-slim, unpacked, as its registry states it; it cannot be measured here.
BASE = 125_000_000


def names(path: Path) -> set[str]:
    """The packages of a requirements file, without those that it includes."""
    lines = path.read_text().splitlines()
    return {line.partition("==")[0] for line in lines if line and line[0] not in "#-"}


def test_packages_of_the_project_are_those_of_the_requirements() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]

    def needed(lines: list[str]) -> set[str]:
        return {line.partition(">=")[0] for line in lines}

    read = names(DEPLOY / "requirements-read.txt")
    assert needed(project["dependencies"]) == read
    assert needed(project["optional-dependencies"]["train"]) == names(PROJECT / "requirements.txt")
    assert not read & {"tensorflow", "keras"}


def test_dockerfile_copies_what_exists_and_ignores_the_rest() -> None:
    copied = set()
    for name, text in STAGES[0].steps:
        if name == "COPY":
            copied |= set(text.split()[:-1])
    assert all((PROJECT / name).exists() for name in copied)
    listed = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert listed[1] == "*"
    assert {line[1:] for line in listed if line.startswith("!")} == copied


def test_image_has_no_root_and_asks_its_own_health() -> None:
    assert LAST.last("USER") == "10001:10001"
    assert "/api/health" in LAST.last("HEALTHCHECK")
    assert not re.search(r"\b(apt|gcc|build-essential)\b", (DEPLOY / "Dockerfile").read_text())


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """deploy/compose.yaml."""
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def test_compose_has_two_equal_replicas_without_privileges(compose: dict[str, Any]) -> None:
    services = compose["services"]
    replicas = [services[name] for name in ("app-1", "app-2")]
    for replica in replicas:
        assert replica["read_only"] is True
        assert replica["cap_drop"] == ["ALL"]
        assert "ports" not in replica  # only the proxy is open
        assert replica["volumes"] == ["data:/data"]
        assert (DEPLOY / replica["build"]["context"] / replica["build"]["dockerfile"]).is_file()
    first, second = ({k: v for k, v in one.items() if k != "depends_on"} for one in replicas)
    assert first == second
    for service in services.values():
        assert set(service.get("networks", [])) <= set(compose["networks"])
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source in compose["volumes"] or (DEPLOY / source).exists()
    assert set(services["proxy"]["environment"]["REPLICAS"].split()) == {"app-1:8501", "app-2:8501"}


def test_compose_follows_the_schema_of_the_compose_specification() -> None:
    # What `docker compose config` would read: the file with the variables of the example.
    lines = (DEPLOY / "env.example").read_text().splitlines()
    values = dict(line.partition("=")[::2] for line in lines if line and line[0] != "#")

    def fill(found: re.Match[str]) -> str:
        name, default = found["name"], found["default"]
        assert name in values or default is not None, f"{name} is in neither file"
        return values.get(name) or default or "a-secret"

    variable = re.compile(r"\$\{(?P<name>\w+)(?::-(?P<default>[^}]*))?\}")
    filled = yaml.safe_load(variable.sub(fill, (DEPLOY / "compose.yaml").read_text()))
    assert "$" not in json.dumps(filled)
    schema = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    validator = Draft202012Validator(json.loads(schema.read_text()))
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(filled)] == []
    broken = filled | {"services": {"proxy": {"image": "caddy:2", "port": ["80:80"]}}}
    assert list(validator.iter_errors(broken))


def test_every_variable_is_explained() -> None:
    used = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    explained = set(re.findall(r"^#? ?(\w+)=", (DEPLOY / "env.example").read_text(), re.MULTILINE))
    assert used - explained <= {"MNIST_API"}  # docs/server.md
    assert explained <= used


def test_turn_server_reaches_the_replicas_and_no_other_private_address(
    compose: dict[str, Any],
) -> None:
    (network,) = compose["networks"]["inside"]["ipam"]["config"]
    command = compose["services"]["turn"]["command"]
    (allowed,) = [word for word in command if word.startswith("--allowed-peer-ip=")]
    first, last = map(ipaddress.ip_address, allowed.partition("=")[2].split("-"))
    assert list(ipaddress.summarize_address_range(first, last)) == [
        ipaddress.ip_network(network["subnet"])
    ]


def test_addresses_of_the_turn_server_are_valid(compose: dict[str, Any]) -> None:
    text = compose["services"]["app-1"]["environment"]["MNIST_ICE_SERVERS"]
    (server,) = json.loads(re.sub(r"\$\{\w+\}", "x", text))
    assert server["urls"] == ["turn:x:3478?transport=udp", "turn:x:3478?transport=tcp"]


@pytest.mark.skipif(shutil.which("caddy") is None, reason="needs Caddy")
def test_caddyfile_is_valid() -> None:
    command = ["caddy", "adapt", "--validate", "--config", str(DEPLOY / "Caddyfile")]
    environment = {
        "DOMAIN": "localhost",
        "COOKIE_SECRET": "x",
        "REPLICAS": "a:1 b:1",
        "HOME": "/tmp",
    }
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert '"policy":"cookie"' in result.stdout


# Waits for the app as Docker does, lets it read, and stops it.
SESSION = """
{start} > /tmp/log 2>&1 &
for second in $(seq 120); do sleep 1; {health} 2> /tmp/health && break; done
cat /tmp/health
python - <<'END'
import json, urllib.request
picture = open("/data/digit.png", "rb").read()
request = urllib.request.Request("http://localhost:8501/api/read", picture)
print("READ", json.load(urllib.request.urlopen(request))["text"])
END
ls -a /data /data/models; id -u
touch /app/x 2> /dev/null && echo WRITABLE
kill %1; cat /tmp/log
"""


@pytest.mark.slow
@pytest.mark.skipif(not can_run(), reason="needs root and namespaces")
def test_steps_of_the_dockerfile_make_a_small_image_that_reads(tmp_path: Path) -> None:
    root = build(STAGES, PROJECT, tmp_path, REQUIREMENTS="deploy/requirements-read.txt")
    size = sum(
        path.lstat().st_size for part in ("venv", "app") for path in (root / part).rglob("*")
    )
    print(f"{size / 1e6:,.0f} MB, with the base image {(size + BASE) / 1e6:,.0f} MB")
    assert size + BASE < 1_000_000_000
    (root / "data" / "digit.png").write_bytes(encode_digit(7))
    commands = {
        "start": shlex.join(words_of(LAST.last("ENTRYPOINT")) + words_of(LAST.last("CMD"))),
        "health": shlex.join(words_of(LAST.last("HEALTHCHECK"))),
    }
    inside = {"where": "/app", "variables": environment_of(LAST), "sealed": True}
    session = run_in(root, SESSION.format(**commands), user="10001:10001", **inside)
    print(session.stdout)
    assert "READ 7" in session.stdout
    assert {"champion", "cnn", "mlp", "strings", "10001"} <= set(session.stdout.split())
    assert "WRITABLE" not in session.stdout
    assert "Traceback" not in session.stdout
    # All pages work without the files that trim.sh has removed.
    shutil.copytree(PROJECT / "tests" / "support", root / "app" / "tests" / "support")
    walk = (
        "PYTHONPATH=/app/tests:/app python -c 'import json; "
        "from support.without_tensorflow import walk; print(json.dumps(walk()))'"
    )
    pages = run_in(root, walk, **inside)
    seen = json.loads(pages.stdout.splitlines()[-1])
    assert seen.pop("start") and "needs TensorFlow" in seen.pop("train info")
    assert not any(seen.values()), seen
