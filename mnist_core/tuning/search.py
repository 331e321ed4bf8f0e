"""A hyperparameter search with Optuna; each trial is a training run.

Any number of processes, on one machine or several, run the trials of one study (`study`). A trial
saves no model. It is scored on the validation images; a hopeless one is pruned, and the best one
keeps its checkpoints. At the end a model is made of it, and only then the MNIST test images are
used.
"""

from __future__ import annotations

import dataclasses
import shutil
import socket
import time
from contextlib import suppress

import optuna
from filelock import FileLock
from optuna.trial import FrozenTrial, TrialState

from mnist_core.errors import (
    ModelLoadError,
    ModelNotFoundError,
    TrainingDiverged,
    TrainingError,
    TrainingStopped,
)
from mnist_core.registry.card import ModelCard
from mnist_core.registry.staging import check_free
from mnist_core.registry.store import load_card
from mnist_core.runs import jobs
from mnist_core.runs.run import Run
from mnist_core.runs.store import begin_run, list_runs
from mnist_core.runs.train import train_run, try_run
from mnist_core.storage.paths import models_directory, runs_directory
from mnist_core.training.checkpoints import Checkpoints
from mnist_core.training.config import Settings
from mnist_core.training.events import EpochEnd, Message, OnEvent, TrainingEvent
from mnist_core.tuning.config import TuningConfig
from mnist_core.tuning.places import database_url, search_lock
from mnist_core.tuning.search_space import describe_values, suggest_values
from mnist_core.tuning.study import (
    DATABASE_ERRORS,
    SharedStudy,
    database_errors,
    exclusive,
    open_storage,
    stored_trials,
)

__all__ = ["tune"]

# Seconds between two looks at the trials of other processes.
_INTERVAL = 2.0


class _Pruned(TrainingStopped):
    """A trial is worse than the median of the others at the same epoch."""


def tune(
    config: TuningConfig, on_event: OnEvent = lambda event: None, *, database: str | None = None
) -> ModelCard | None:
    """Search for settings, and save the best trial as a model.

    Call it in the main thread of a process that does nothing else; several processes share the
    trials. Killed at any moment, it loses no complete trial: the same call resumes the search, and
    the trial that was running is tried again, from its last complete epoch if it is on this
    machine. After a search whose model was saved, the call begins a new one, or adds trials if
    `config.trials` is larger.

    Args:
        config: the search.
        on_event: called with each event of each trial, in this thread.
        database: SQLAlchemy's URL of the study's database; default: `database_url()`.

    Returns:
        The model's card; None if another process saves it.

    Raises:
        TrainingError: the model's name is taken, a search of that name has other settings, no
            trial was completed, the database does not answer, or a file cannot be written.
        DatasetError, ModelNotFoundError, ModelLoadError, CorrectionsError: as for
            `mnist_core.train`.
    """
    name, url = config.base.name, database or database_url()
    check_free(name, models_directory(), overwrite=config.base.overwrite)
    with database_errors(url):
        with exclusive(url), stored_trials(url):
            shared = SharedStudy(config, open_storage(url))
            if _saved_model(shared) and not shared.is_open:
                shared = shared.restarted()
        _run_trials(shared, config, on_event)
        with FileLock(search_lock(name)):
            return _saved_model(shared) or _save_best(shared, config, on_event)


def _run_trials(shared: SharedStudy, config: TuningConfig, on_event: OnEvent) -> None:
    """Run trials until all of them have ended, in this process or another one."""
    if complete := len(shared.trials(TrialState.COMPLETE)):
        on_event(Message(text=f"Resuming a search with {complete} complete trials"))
    announced = False
    while True:
        others = shared.queue_dead()
        if begun := shared.begin_trial():
            _run_trial(shared, config, *begun, on_event)
        elif not others:
            return
        else:
            if not announced:
                on_event(Message(text="Waiting for the trials of other processes"))
            announced = True
            time.sleep(_INTERVAL)


def _run_trial(
    shared: SharedStudy, config: TuningConfig, number: int, trial: optuna.Trial, on_event: OnEvent
) -> None:
    title = f"Trial {number + 1} of {config.trials}"
    with shared.heartbeat(trial):
        values = suggest_values(trial, config)
        on_event(Message(text=f"{title}: {describe_values(values)}."))
        state, accuracy = TrialState.COMPLETE, None
        try:
            accuracy = _score(trial, config.trial(number, values), on_event)
        except (_Pruned, TrainingDiverged) as error:
            # Optuna takes a pruned trial for worse than the complete ones, and avoids its like; a
            # failed one it ignores.
            on_event(Message(text=f"{title}: {error}"))
            state = TrialState.PRUNED
        except TrainingStopped as error:
            on_event(Message(text=str(error)))
            state = TrialState.FAIL
    shared.study.tell(trial, accuracy, state, skip_if_finished=True)
    if accuracy is not None and shared.best:
        result = f"{accuracy:.2%} validation accuracy; best so far {shared.best.value:.2%}"
        on_event(Message(text=f"{title}: {result}."))
    _keep_best_only(shared)


def _score(trial: optuna.Trial, settings: Settings, on_event: OnEvent) -> float:
    """Train a trial and return its validation accuracy, 0 to 1."""
    for run in list_runs():
        # The same settings give the same weights: a repetition, or the process was killed between
        # the end of the training and its entry in the study.
        with suppress(TrainingError):
            outcome = run.outcome if _has_same_weights(run.config, settings) else None
            if outcome and outcome.validation_accuracy is not None:
                _record(trial, run)
                return outcome.validation_accuracy
    run = begin_run(settings)
    run.record_search(trial.study.study_name)
    _record(trial, run)

    def report(event: TrainingEvent) -> None:
        on_event(event)
        if isinstance(event, EpochEnd):
            # Without the database the training goes on: only its end must be entered.
            with suppress(*DATABASE_ERRORS):
                trial.report(event.val_accuracy, event.epoch)
                if trial.should_prune():
                    raise _Pruned(
                        f"Pruned after epoch {event.epoch}: {event.val_accuracy:.2%} validation "
                        "accuracy, below the median of the other trials."
                    )

    return jobs.execute(run, try_run, report)


def _record(trial: optuna.Trial, run: Run) -> None:
    trial.set_user_attr("host", socket.gethostname())
    trial.set_user_attr("run", run.id)


def _has_same_weights(one: Settings, other: Settings) -> bool:
    """True if two trainings give the same weights."""
    return dataclasses.replace(one, name=other.name) == other


def _run_of(trial: FrozenTrial) -> Run:
    return Run(runs_directory() / str(trial.user_attrs.get("run", "none")))


def _keep_best_only(shared: SharedStudy) -> None:
    """Remove the checkpoints of all ended trials on this machine but the best one."""
    best = shared.best
    kept = best and _run_of(best).id
    for trial in shared.trials(TrialState.COMPLETE, TrialState.PRUNED):
        if _run_of(trial).id != kept:
            Checkpoints(_run_of(trial).checkpoints, {}).clear()


def _save_best(shared: SharedStudy, config: TuningConfig, on_event: OnEvent) -> ModelCard | None:
    """Save the best trial as the model, from its checkpoints if they are on this machine."""
    best = shared.best
    if best is None:
        raise TrainingError(
            "No trial was completed: see 'python -m mnist_core runs'. Search other values, such as "
            f"a lower learning rate. Received: {config.base.name}, {config.trials} trials"
        )
    result = f"Best trial: {best.value:.2%} validation accuracy, with "
    on_event(Message(text=f"{result}{describe_values(best.params)}."))
    trial, host = _run_of(best), best.user_attrs["host"]
    if not trial.folder.is_dir() and host != socket.gethostname():
        on_event(Message(text=f"The model is saved on {host}, which has trained this trial."))
        return None
    name, overwrite = config.base.name, config.base.overwrite
    settings = dataclasses.replace(config.base, **best.params, name=name, overwrite=overwrite)
    run = begin_run(settings)
    if trial.epochs_done and not run.epochs_done:
        shutil.copytree(trial.checkpoints, run.checkpoints, dirs_exist_ok=True)
        shutil.copy(trial.folder / "events.jsonl", run.folder)
    card = jobs.execute(run, train_run, on_event)
    shared.study.set_user_attr("model", card.created)
    Checkpoints(trial.checkpoints, {}).clear()
    return card


def _saved_model(shared: SharedStudy) -> ModelCard | None:
    """The model that this search has saved on this machine, if it is still there."""
    with suppress(ModelNotFoundError, ModelLoadError):
        card = load_card(shared.study.study_name, models_directory())
        if card.created == shared.study.user_attrs.get("model"):
            return card
    return None
