"""All training runs: where they are, which there are, and how one begins or goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from mnist_core.errors import TrainingError
from mnist_core.registry.staging import check_free
from mnist_core.runs.run import ACTIVE, RUN_ID, STATES, Outcome, Run
from mnist_core.storage.paths import models_directory, runs_directory
from mnist_core.training.config import Settings, TrainingConfig

__all__ = [
    "STATES",
    "Outcome",
    "Run",
    "begin_run",
    "find_run",
    "list_runs",
    "new_run",
    "reopen_run",
]


def list_runs() -> list[Run]:
    """All runs, the newest first."""
    folders = runs_directory().glob("*/config.json")
    runs = [Run(path.parent) for path in folders if RUN_ID.fullmatch(path.parent.name)]
    return sorted(runs, key=lambda run: run.id, reverse=True)


def find_run(run_id: str) -> Run:
    """The run of that id.

    Raises:
        TrainingError: there is none.
    """
    folder = runs_directory() / str(run_id)
    if not RUN_ID.fullmatch(str(run_id)) or not (folder / "config.json").is_file():
        known = ", ".join(run.id for run in list_runs()[:5]) or "none"
        raise TrainingError(f"There is no such run. The last ones: {known}. Received: {run_id!r}")
    return Run(folder)


def new_run(config: TrainingConfig, models: Path | None = None) -> Run:
    """Make a run's folder; nothing is started yet.

    Raises:
        TrainingError: the name is taken, by a model or by a run that goes on, or a folder cannot
            be written.
    """
    settings = config.resolved()
    models = (models or models_directory()).absolute()
    with _starting():
        _check_place(settings, models, overwrite=settings.overwrite)
        return _make(settings, models)


def reopen_run(run: Run) -> None:
    """Let a run that was stopped, failed or was cut off go on; nothing is started yet.

    Raises:
        TrainingError: it goes on already, or is done; or as of `new_run`.
    """
    with _starting():
        state = run.state
        if state in ACTIVE or state == "done":
            raise TrainingError(
                f"Only a run that has stopped can be resumed. Received: {run.id}, {state}"
            )
        overwrite = run.config.overwrite or run.has_own_model()
        _check_place(run.config, run.models, overwrite=overwrite)
        run.prepare()


def begin_run(config: TrainingConfig, models: Path | None = None) -> Run:
    """The newest run of the same settings that was cut off after an epoch, reopened; or a new one.

    Raises:
        TrainingError: as of `new_run`.
    """
    models = (models or models_directory()).absolute()
    for run in list_runs():
        with suppress(TrainingError):
            same = run.config == config.resolved() and run.models == models
            # Whoever loses a worker fails; the others are begun again with the same command.
            ends = (
                ("interrupted", "failed") if config.strategy == "multiworker" else ("interrupted",)
            )
            if same and run.epochs_done and run.state in ends:
                reopen_run(run)
                return run
    return new_run(config, models)


@contextmanager
def _starting() -> Iterator[None]:
    """Of two that start at once, the second sees the first."""
    root = runs_directory()
    try:
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / ".starting.lock", timeout=20):
            yield
    except (OSError, Timeout) as error:
        reason = getattr(error, "strerror", None) or error
        raise TrainingError(
            f"The run cannot be saved ({reason}). Make room, or check your rights to the folder. "
            f"Received: {getattr(error, 'filename', None) or root}"
        ) from error


def _check_place(settings: Settings, models: Path, *, overwrite: bool) -> None:
    check_free(settings.name, models, overwrite=overwrite)
    for run in list_runs():
        with suppress(TrainingError):  # a damaged run is in nobody's way
            if not run.is_active or (run.config.name, run.models) != (settings.name, models):
                continue
            break
    else:
        return
    raise TrainingError(
        "A model of that name is being trained at this moment. Choose another name, or wait. "
        f"Received: {settings.name!r}, run {run.id}"
    )


def _make(settings: Settings, models: Path) -> Run:
    root = runs_directory()
    stamp = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{settings.name}"
    for number in range(1, 100):
        run = Run(root / (stamp if number == 1 else f"{stamp}-{number}"))
        try:
            run.folder.mkdir()
        except FileExistsError:
            continue
        run.record(settings, models)
        return run
    raise TrainingError(f"Too many runs in one second. Wait a moment. Received: {stamp}")
