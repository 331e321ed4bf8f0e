"""The study: the trials of a search in a database, which all of its processes share.

No process is special. A process that is killed leaves its trial "running"; when its heartbeat has
stopped, another process, or the same command later, tries that trial again. Imports Optuna.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import optuna
from filelock import FileLock
from optuna.exceptions import DuplicatedStudyError, ExperimentalWarning, StorageInternalError
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from mnist_core.errors import TrainingError, foreign_bytes
from mnist_core.tuning.config import TuningConfig
from mnist_core.tuning.places import search_lock
from mnist_core.tuning.search_space import SeededSampler, default_values

__all__ = [
    "DATABASE_ERRORS",
    "SharedStudy",
    "database_errors",
    "exclusive",
    "open_storage",
    "stored_trials",
]

DATABASE_ERRORS = (SQLAlchemyError, StorageInternalError)
# Seconds between two heartbeats, and without one until a trial counts as dead. A computer under
# load may be late; a dead trial costs a wait only at the end of a search.
_INTERVAL, _GRACE = 10, 60
# Seconds until a silent PostgreSQL server counts as gone.
_SILENCE = 20
# The number of PostgreSQL's advisory lock: no other program in the database should use it.
_LOCK = 2_810_1998
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ExperimentalWarning)
    # A trial that takes its process with it each time, for want of memory, ends after four.
    _RETRY = RetryHeartbeatStaleTrialCallback(max_retry=3, inherit_intermediate_values=True)


@contextmanager
def database_errors(url: str) -> Iterator[None]:
    """Raise the errors of a search's database as `TrainingError`, without its password."""
    try:
        yield
    except ArgumentError as error:
        raise TrainingError(
            "This is not the address of a database. Write it like "
            f"postgresql://user:password@192.168.0.1/searches. Received: {url!r}"
        ) from error
    except ImportError as error:
        raise TrainingError(
            "The package for this kind of database is not installed. For PostgreSQL, run: "
            f"python -m pip install 'psycopg[binary]'. Received: {_masked(url)}"
        ) from error
    except DATABASE_ERRORS as error:
        raise _unusable(url, error) from error


@contextmanager
def stored_trials(url: str) -> Iterator[None]:
    """As `database_errors`, for reading what is stored: damaged, it may be anything."""
    with foreign_bytes(partial(_unusable, url)), database_errors(url):
        yield


def _unusable(url: str, error: Exception) -> TrainingError:
    cause = error.__cause__ if isinstance(error, StorageInternalError) else error
    reason = " ".join(str(getattr(cause, "orig", None) or cause or error).split())[:200]
    return TrainingError(
        "The search's database cannot be used. Check that it is there and can be written; the "
        "trials in it are kept, and the same command continues. Received: "
        f"{_masked(url)} ({reason})"
    )


@contextmanager
def exclusive(url: str) -> Iterator[None]:
    """Let no other process of a search, on any machine, make tables or begin a trial meanwhile."""
    with FileLock(search_lock()):
        if make_url(url).get_backend_name() != "postgresql":
            yield
            return
        engine = create_engine(url, connect_args=_connection_options(url), poolclass=NullPool)
        with engine.connect() as connection:  # whose end releases the lock
            connection.execute(text(f"SELECT pg_advisory_lock({_LOCK})"))
            yield


def open_storage(url: str) -> RDBStorage:
    """Connect to the database of searches; a new one gets its tables. Call it in `exclusive`."""
    optuna.logging.set_verbosity(logging.CRITICAL)  # its news come as events
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return RDBStorage(
            url,
            engine_kwargs={"connect_args": _connection_options(url), "pool_pre_ping": True},
            heartbeat_interval=_INTERVAL,
            grace_period=_GRACE,
            heartbeat_stale_trial_callback=_RETRY,
        )


def _connection_options(url: str) -> dict[str, int]:
    if make_url(url).get_backend_name() == "postgresql":
        # Otherwise a server that vanished without a word would be waited for forever.
        return {"connect_timeout": _SILENCE, "tcp_user_timeout": _SILENCE * 1000}
    return {"timeout": 60}  # for another process to finish writing


class SharedStudy:
    """The trials of a search, and what its processes agree on.

    Args:
        config: the search.
        storage: from `open_storage`, in the same `exclusive` block.

    Attributes:
        study: Optuna's.

    Raises:
        TrainingError: a search of that name was begun with other settings.
    """

    def __init__(self, config: TuningConfig, storage: RDBStorage) -> None:
        self._config, self._storage = config, storage
        name = config.base.name
        try:
            study = optuna.create_study(storage=storage, study_name=name, direction="maximize")
        except DuplicatedStudyError:
            study = optuna.load_study(storage=storage, study_name=name)
        study.sampler = SeededSampler(config)
        study.pruner = optuna.pruners.MedianPruner(n_warmup_steps=config.base.epochs // 4)
        settings = _settings(config)
        known = study.user_attrs.get("settings", settings)
        if known != settings:
            raise TrainingError(
                "A search of that name was started with other settings. Use those, or choose "
                f"another name. Received: {name}, started with {json.dumps(known)}"
            )
        if not study.get_trials(deepcopy=False):
            study.set_user_attr("settings", settings)
            study.enqueue_trial(default_values(config))
        self.study = study

    def restarted(self) -> SharedStudy:
        """Replace the study by a new one of the same name."""
        optuna.delete_study(study_name=self.study.study_name, storage=self._storage)
        return SharedStudy(self._config, self._storage)

    @property
    def is_open(self) -> bool:
        """True if there are trials to begin."""
        return bool(self.trials(TrialState.WAITING)) or len(self._first_tries) < self._config.trials

    @property
    def best(self) -> FrozenTrial | None:
        """The complete trial with the highest validation accuracy; the earliest of several."""
        complete = self.trials(TrialState.COMPLETE)
        return max(complete, key=lambda trial: (trial.value, -trial.number), default=None)

    def trials(self, *states: TrialState) -> list[FrozenTrial]:
        """The trials in these states, in the order of their numbers."""
        return self.study.get_trials(deepcopy=False, states=states)

    def begin_trial(self) -> tuple[int, optuna.Trial] | None:
        """Begin a trial, and return its number from 0; None if all were begun.

        A trial that is tried again keeps the number of its first try.
        """
        with exclusive(self._storage.url), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # about the heartbeat: see below
            if not self.is_open:
                return None
            trial = self.study.ask()
        first = _first_number(self.study.get_trials(deepcopy=False)[trial.number])
        return self._first_tries.index(first), trial

    @contextmanager
    def heartbeat(self, trial: optuna.Trial) -> Iterator[None]:
        """Show that a trial's process is alive.

        Optuna itself does so only in `Study.optimize`, which also records a trial as failed that
        was interrupted, and hides the errors of a database behind others.
        """
        done = threading.Event()
        self._storage.record_heartbeat(trial._trial_id)

        def beat() -> None:
            while not done.wait(_INTERVAL):
                with suppress(*DATABASE_ERRORS):  # it may come back
                    self._storage.record_heartbeat(trial._trial_id)

        thread = threading.Thread(target=beat, daemon=True, name="heartbeat")
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def queue_dead(self) -> bool:
        """Queue trials again whose process has died; returns whether others are running."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            optuna.storages.fail_stale_trials(self.study)
        running = self.trials(TrialState.RUNNING)
        for trial in running:
            # Optuna never gives up a trial without a first heartbeat.
            begun = trial.datetime_start or datetime.now()
            if "run" not in trial.user_attrs and datetime.now() - begun > timedelta(seconds=_GRACE):
                with suppress(ValueError):  # another process was first
                    self.study.tell(trial.number, state=TrialState.FAIL)
                    _RETRY(self.study, trial)
        return bool(running)

    @property
    def _first_tries(self) -> list[int]:
        """The numbers that Optuna gave to the trials, without repeated tries."""
        trials = self.study.get_trials(deepcopy=False)
        return [trial.number for trial in trials if _first_number(trial) == trial.number]


def _settings(config: TuningConfig) -> Any:
    # Whether a model is overwritten may change from one call to the next, and so may the number
    # of trials.
    base = dataclasses.replace(config.base, overwrite=False)
    stored = dataclasses.asdict(dataclasses.replace(config, base=base, trials=1))
    return json.loads(json.dumps(stored))


def _first_number(trial: FrozenTrial) -> int:
    return int(trial.system_attrs.get("failed_trial", trial.number))


def _masked(url: str) -> str:
    with suppress(ArgumentError):
        return make_url(url).render_as_string(hide_password=True)
    return repr(url)
