"""The database of searches: other addresses than files, and one that goes away."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.processes import start_process
from support.searches import (
    check_killed_worker_loses_nothing,
    make_config,
    search,
    trial_runs,
)

from mnist_core.__main__ import main
from mnist_core.tuning.study import SharedStudy, exclusive, open_storage

COMMAND = ["tune", "--architecture", "mlp", "--name", "best"]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("nonsense", "This is not the address of a database"),
        ("mysql://me:secret@127.0.0.1/searches", "is not installed"),
        ("postgresql://me:secret@127.0.0.1:1/searches", "connection"),
        ("sqlite:////no/such/folder/searches.sqlite3", "unable to open database file"),
    ],
)
def test_unusable_database_is_one_line(
    runs: Path, own_models: Path, capsys: pytest.CaptureFixture[str], url: str, why: str
) -> None:
    assert main([*COMMAND, "--database", url]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("mnist_core: ")
    assert why in line
    assert "Received: " in line
    assert "secret" not in line


def test_damaged_database_is_one_line(
    runs: Path, own_models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs.mkdir()
    (runs / "searches.sqlite3").write_bytes(b"no database" * 1000)
    assert main(COMMAND) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "The search's database cannot be used" in line
    assert "searches.sqlite3 (file is not a database)" in line


def test_database_that_goes_away_loses_no_complete_trial(runs: Path, own_models: Path) -> None:
    file, aside = runs / "searches.sqlite3", runs / "aside"

    def lose_database(count: int) -> None:
        if count == 2:
            shutil.copy(file, aside)
            file.write_bytes(b"no database" * 1000)

    lost = search(trials=4, at_trial=lose_database)
    # The training goes on to its end.
    assert lost.trials == ["best-0", "best-1", "best-2"]
    assert lost.error.startswith("TrainingError: The search's database cannot be used.")
    assert str(file) in lost.error
    assert "\n" not in lost.error

    shutil.copy(aside, file)
    again = search(trials=4)
    # The third trial is entered from its run.
    assert (again.error, again.trials) == ("", ["best-3"])
    assert len(trial_runs()) == 4


class Server:
    """A PostgreSQL server of one test, which can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self._user: dict[str, str] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            self._user = {"user": "postgres"}
            shutil.chown(folder, "postgres")
        self._data = folder / "database"
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self._port = sock.getsockname()[1]
        self._run("initdb", "--username", "me", "--no-sync")
        self.url = f"postgresql://me@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        options = f"-p {self._port} -k {self._data} -h 127.0.0.1 -c fsync=off"
        self._run("pg_ctl", "start", "--wait", "-o", options, "-l", str(self._data / "log"))

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "--mode", "immediate")

    def _run(self, program: str, *arguments: str) -> None:
        command = [program, "--pgdata", str(self._data), *arguments]
        quiet = subprocess.DEVNULL
        subprocess.run(command, check=True, stdout=quiet, stderr=quiet, cwd="/", **self._user)  # type: ignore[call-overload]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A running PostgreSQL server, which holds the searches of a test."""
    if not shutil.which("initdb") or not shutil.which("pg_ctl"):
        pytest.skip("PostgreSQL is not installed")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    # Not in `tmp_path`, which only this user may enter.
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        server.start()
        monkeypatch.setenv("MNIST_SEARCHES", server.url)
        yield server
        server.stop()


@pytest.mark.slow
def test_killed_worker_loses_nothing_on_postgresql(
    runs: Path, own_models: Path, server: Server
) -> None:
    # Both processes make the tables of the empty database at once.
    check_killed_worker_loses_nothing()
    assert not (runs / "searches.sqlite3").exists()


@pytest.mark.slow
def test_machines_that_start_at_once_share_one_search(server: Server, tmp_path: Path) -> None:
    # Each has a folder of its own, as on machines of their own.
    folders = [tmp_path / str(number) for number in range(4)]
    machines = [start_process(open_in_child, server.url, folder) for folder in folders]
    assert [machine.message() for machine in machines] == ["1 trials"] * 4


def open_in_child(tell: Callable[[str], None], url: str, folder: Path) -> None:
    """Open the study of a search as soon as the others are ready."""
    os.environ["MNIST_RUNS"] = str(folder)
    folder.mkdir()
    while len(list(folder.parent.glob("[0-9]"))) < 4:
        time.sleep(0.01)
    with exclusive(url):
        shared = SharedStudy(make_config(), open_storage(url))
    tell(f"{len(shared.study.trials)} trials")


@pytest.mark.slow
def test_stopped_server_loses_no_complete_trial(
    runs: Path, own_models: Path, server: Server
) -> None:
    lost = search(trials=4, at_trial=lambda count: server.stop() if count == 2 else None)
    server.start()
    assert lost.trials == ["best-0", "best-1", "best-2"]
    assert lost.error.startswith("TrainingError: The search's database cannot be used.")
    again = search(trials=4)
    assert (again.error, again.trials) == ("", ["best-3"])


@pytest.mark.slow
def test_short_absence_of_the_server_goes_unnoticed(
    runs: Path, own_models: Path, server: Server
) -> None:
    def restart(count: int) -> None:
        if count == 1:
            server.stop()
            server.start()

    result = search(trials=3, at_trial=restart)
    assert (result.error, result.trials) == ("", ["best-0", "best-1", "best-2"])
