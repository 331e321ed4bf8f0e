"""All training runs: list them, find one, create one or reopen one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from mnist_core.errors import TrainingError
from mnist_core.networks.packages import require_tensorflow
from mnist_core.registry.staging import check_free
from mnist_core.runs.run import ACTIVE, RUN_ID, Run, saving_error
from mnist_core.storage import limits
from mnist_core.storage.paths import models_directory, runs_directory
from mnist_core.training.config import Settings, TrainingConfig

__all__ = ["begin_run", "find_run", "list_runs", "new_run", "reopen_run"]


def list_runs() -> list[Run]:
    """Return all runs, newest first."""
    folders = runs_directory().glob("*/config.json")
    runs = [Run(path.parent) for path in folders if RUN_ID.fullmatch(path.parent.name)]
    return sorted(runs, key=lambda run: run.id, reverse=True)


def find_run(run_id: str) -> Run:
    """Return the run with this id.

    Raises:
        TrainingError: there is no such run.
    """
    folder = runs_directory() / str(run_id)
    if not RUN_ID.fullmatch(str(run_id)) or not (folder / "config.json").is_file():
        known = ", ".join(run.id for run in list_runs()[:5]) or "none"
        raise TrainingError(f"There is no such run. Latest runs: {known}. Received: {run_id!r}")
    return Run(folder)


def new_run(config: TrainingConfig, models: Path | None = None) -> Run:
    """Create the folder of a run; no process is started.

    Raises:
        TrainingError: the name is taken by a model or by an active run, a folder cannot be
            written, the runs take too much of the disk, or TensorFlow is not installed.
    """
    require_tensorflow("Training")
    settings = config.resolved()
    models = (models or models_directory()).absolute()
    with _creation_lock():
        _check_name_is_free(settings, models, overwrite=settings.overwrite)
        _make_room()
        return _create(settings, models)


def reopen_run(run: Run) -> None:
    """Prepare a cancelled, failed or interrupted run to resume; no process is started.

    Raises:
        TrainingError: the run is active or done, or a trial of a search; or as for `new_run`.
    """
    if run.search is not None:
        raise TrainingError(
            "A trial is resumed by its search. Start that again: python -m mnist_core tune, with "
            f"the same options. Received: {run.id}, a trial of {run.search!r}"
        )
    _reopen(run)


def _reopen(run: Run) -> None:
    require_tensorflow("Training")
    with _creation_lock():
        state = run.state
        if state in ACTIVE or state == "done":
            raise TrainingError(
                f"Only a run that has stopped can be resumed. Received: {run.id}, {state}"
            )
        overwrite = run.config.overwrite or run.has_own_model()
        _check_name_is_free(run.config, run.models, overwrite=overwrite)
        run.reset()


def begin_run(config: TrainingConfig, models: Path | None = None) -> Run:
    """Reopen the newest interrupted run with these settings and a complete epoch, or create a run.

    Raises:
        TrainingError: as for `new_run`.
    """
    settings = config.resolved()
    models = (models or models_directory()).absolute()
    resumable = {"interrupted"}
    if config.strategy == "multiworker":
        # The chief fails when it loses a worker; then all are started with the same command.
        resumable.add("failed")
    for run in list_runs():
        with suppress(TrainingError):
            same = run.config == settings and run.models == models
            if same and run.epochs_done and run.state in resumable:
                _reopen(run)
                return run
    return new_run(settings, models)


@contextmanager
def _creation_lock() -> Iterator[None]:
    """Create or reopen one run at a time, so that each sees those before it."""
    root = runs_directory()
    try:
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / ".starting.lock", timeout=20):
            yield
    except OSError as error:  # and its subclass, filelock's Timeout
        raise saving_error("The run", error, root) from error


def _check_name_is_free(settings: Settings, models: Path, *, overwrite: bool) -> None:
    check_free(settings.name, models, overwrite=overwrite)
    for run in list_runs():
        try:
            same = (run.config.name, run.models) == (settings.name, models)
        except TrainingError:
            continue  # a damaged run blocks no name
        if same and run.is_active:
            raise TrainingError(
                "A model of that name is being trained now. Choose another name, or wait. "
                f"Received: {settings.name!r}, run {run.id}"
            )


def _make_room() -> None:
    """Delete the oldest runs that are done while all together take too much of the disk."""
    limit = limits.runs_limit()
    sizes = {run: limits.size_of(run.folder) for run in list_runs()}
    total = sum(sizes.values())
    for run in reversed(sizes):
        if total <= limit:
            return
        if run.state == "done":
            run.delete()
            total -= sizes[run]
    if total > limit:
        raise TrainingError(
            f"The training runs take {total / 1e9:.2f} GB of {limit / 1e9:g}. Delete runs that "
            f"were cancelled or have failed, or set $MNIST_RUNS_GB. Received: {runs_directory()}"
        )


def _create(settings: Settings, models: Path) -> Run:
    stamp = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{settings.name}"
    for number in range(1, 100):
        run = Run(runs_directory() / (stamp if number == 1 else f"{stamp}-{number}"))
        with suppress(FileExistsError):
            run.folder.mkdir()
            run.initialize(settings, models)
            return run
    raise TrainingError(f"Too many runs in one second. Wait a moment. Received: {stamp}")
