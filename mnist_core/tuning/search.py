"""A hyperparameter search with KerasTuner; each trial is a training run.

A trial saves no model. It is scored on the validation images, and keeps its checkpoints while it is
the best. At the end a model is made of the best trial, and only then the MNIST test images are
used. The search is stored in `runs/searches/<name>/`, from where it resumes after it was stopped.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_core.errors import TrainingDiverged, TrainingError, TrainingStopped
from mnist_core.registry.card import ModelCard
from mnist_core.registry.staging import check_free
from mnist_core.runs import jobs
from mnist_core.runs.process import locked
from mnist_core.runs.run import Run, saving_error
from mnist_core.runs.store import begin_run, list_runs
from mnist_core.runs.train import train_run, try_run
from mnist_core.storage.files import read_json, write_json
from mnist_core.storage.paths import models_directory, runs_directory
from mnist_core.training.checkpoints import Checkpoints
from mnist_core.training.config import Settings
from mnist_core.training.cpu import prepare_tensorflow
from mnist_core.training.events import Message, OnEvent
from mnist_core.tuning.config import Role, TuningConfig

if TYPE_CHECKING:
    from mnist_core.tuning.tuner import RunTuner

__all__ = ["tune"]


def tune(config: TuningConfig, on_event: OnEvent = lambda event: None) -> ModelCard | None:
    """Search for settings, and save the best trial as a model.

    Call it in the main thread of a process that does nothing else. A stopped search of the same
    name resumes without repeating complete trials. According to KerasTuner's environment variables,
    this process is the chief, which distributes the trials and saves the model, or a worker.

    Args:
        config: the search.
        on_event: called with each event of each trial, in this thread.

    Returns:
        The model's card; None for a worker.

    Raises:
        TrainingError: the model's name is taken, a search of that name has other settings or is
            active, the environment is wrong, no trial was completed, or a file cannot be written.
        DatasetError, ModelNotFoundError, ModelLoadError, CorrectionsError: as for
            `mnist_core.train`.
    """
    role = Role.from_environment()
    name = config.base.name
    folder = runs_directory() / "searches" / name
    if role.kind == "worker":
        _search(config, folder, role, on_event)
        return None
    check_free(name, models_directory(), overwrite=config.base.overwrite)
    with _opened(config, folder):
        best = _search(config, folder, role, on_event)
        if best is None:
            raise TrainingError(
                "No trial was completed: see 'python -m mnist_core runs'. Search other values, "
                f"such as a lower learning rate. Received: {name}, {config.trials} trials"
            )
        card = _train_best(config, best, on_event)
        for run in _complete_trials(config):
            Checkpoints(run.checkpoints, {}).clear()
        shutil.rmtree(folder, ignore_errors=True)
    return card


@contextmanager
def _opened(config: TuningConfig, folder: Path) -> Iterator[None]:
    """Create the folder of a search, or lock that of a stopped one."""
    # Whether a model is overwritten may change from one call to the next.
    stored = dataclasses.replace(config, base=dataclasses.replace(config.base, overwrite=False))
    settings = json.loads(json.dumps(dataclasses.asdict(stored)))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder, "search"):
            known = read_json(folder / "search.json")
            if not known:
                write_json(folder / "search.json", settings)
            elif known != settings:
                raise TrainingError(
                    "A search of that name was started with other settings. Use those, choose "
                    f"another name, or delete its folder. Received: {folder}, started with "
                    f"{json.dumps(known)}"
                )
            yield
    except BrokenPipeError:  # of the terminal
        raise
    except OSError as error:
        raise saving_error("The search", error, folder) from error


def _search(config: TuningConfig, folder: Path, role: Role, on_event: OnEvent) -> Settings | None:
    """Run or distribute the trials; return the settings of the best one, if any."""
    on_event(Message(text="Loading KerasTuner"))
    prepare_tensorflow()
    from mnist_core.tuning.search_space import FINGERPRINT, describe_values, search_space
    from mnist_core.tuning.tuner import RunTuner, make_oracle, translated_errors

    settings = json.dumps(dataclasses.asdict(config), sort_keys=True)
    fingerprint = hashlib.sha256(settings.encode()).hexdigest()[:16]

    def train(number: str, values: dict[str, Any]) -> float:
        if values.pop(FINGERPRINT) != fingerprint:
            raise TrainingError(
                "The chief searches with other settings. Run the same command on all machines. "
                f"Received: {config}"
            )
        text = f"Trial {int(number) + 1} of {config.trials}: {describe_values(values)}."
        on_event(Message(text=text))
        return _run_trial(config, number, values, tuner, on_event)

    with translated_errors(role, str(folder)):
        with redirect_stdout(io.StringIO()):  # KerasTuner prints that it resumes
            oracle = make_oracle(config, search_space(config, fingerprint))
            tuner = RunTuner(
                train, oracle=oracle, directory=str(folder.parent), project_name=folder.name
            )
        if role.kind == "worker":
            on_event(Message(text=f"Requesting trials from {role.address}"))
        elif done := len(oracle.end_order):
            on_event(Message(text=f"Resuming after {done} of {config.trials} trials"))
        if role.kind == "chief":
            on_event(Message(text=f"Distributing trials at {role.address}"))
        tuner.search(verbose=0)
    best = None if role.kind == "worker" else tuner.best_trial()
    if best is None:
        return None
    values = {name: v for name, v in best.hyperparameters.values.items() if name != FINGERPRINT}
    result = f"Best of {len(oracle.end_order)} trials: {best.score:.2%} validation accuracy"
    on_event(Message(text=f"{result}, with {describe_values(values)}."))
    return config.trial(best.trial_id, values)


def _run_trial(
    config: TuningConfig, number: str, values: dict[str, Any], tuner: RunTuner, on_event: OnEvent
) -> float:
    """Train a trial and return its validation accuracy. Only the best one's checkpoints stay."""
    import keras

    keras.utils.clear_session()
    run = begin_run(config.trial(number, values))
    try:
        accuracy = jobs.execute(run, try_run, on_event)
    except (TrainingDiverged, TrainingStopped) as error:
        on_event(Message(text=str(error)))
        raise
    # Looked up afterwards: meanwhile other machines may have completed theirs.
    best = tuner.best_trial()
    is_best = best is None or accuracy > best.score
    others = [other for other in _complete_trials(config) if other.id != run.id]
    for worse in others if is_best else [run]:
        Checkpoints(worse.checkpoints, {}).clear()
    result = f"{accuracy:.2%} validation accuracy"
    highest = accuracy if is_best else best.score
    on_event(Message(text=f"Trial {int(number) + 1}: {result}; best so far {highest:.2%}."))
    return accuracy


def _train_best(config: TuningConfig, best: Settings, on_event: OnEvent) -> ModelCard:
    """Save the best trial as the model, from its checkpoints if they are on this machine."""
    final = dataclasses.replace(best, name=config.base.name, overwrite=config.base.overwrite)
    run = begin_run(final)
    for trial in list_runs():
        with suppress(TrainingError):
            if not run.epochs_done and trial.epochs_done and trial.config == best:
                shutil.copytree(trial.checkpoints, run.checkpoints, dirs_exist_ok=True)
                shutil.copy(trial.folder / "events.jsonl", run.folder)
    return jobs.execute(run, train_run, on_event)


def _complete_trials(config: TuningConfig) -> list[Run]:
    """Return the runs of a search's complete trials."""
    runs = []
    for run in list_runs():
        with suppress(TrainingError):
            outcome = run.outcome
            complete = outcome is not None and outcome.validation_accuracy is not None
            if complete and run.config.name.rpartition("-")[0] == config.base.name:
                runs.append(run)
    return runs
