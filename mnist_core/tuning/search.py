"""A search for settings by KerasTuner: each trial is a training run. TensorFlow is imported inside.

A trial saves no model: it is judged by the images that are held out, and keeps its checkpoints as
long as it is the best. In the end the best one is made a model, and only then the MNIST test images
are looked at. The search is kept in `runs/searches/<name>/`, where it goes on after it was stopped.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from mnist_core.errors import TrainingDiverged, TrainingError, TrainingStopped
from mnist_core.registry.card import ModelCard
from mnist_core.registry.staging import check_free
from mnist_core.runs import jobs
from mnist_core.runs.run import Run
from mnist_core.runs.store import begin_run, list_runs
from mnist_core.storage.files import read_table, write_table
from mnist_core.storage.paths import models_directory, runs_directory
from mnist_core.training.checkpoints import Checkpoints
from mnist_core.training.config import OPTIMIZERS, SCHEDULES, Settings
from mnist_core.training.cpu import prepare_tensorflow
from mnist_core.training.events import Message, OnEvent
from mnist_core.tuning.config import Role, TuningConfig

__all__ = ["tune"]

_OBJECTIVE = "val_accuracy"
_BATCH_SIZES = (32, 64, 128, 256, 512)
# Where an architecture's own share of dropped units is not one number.
_DROPOUT = 0.3
# A mark of the search among its settings, by which a worker knows that it is its own.
_MARK = "search"


def tune(config: TuningConfig, on_event: OnEvent = lambda event: None) -> ModelCard | None:
    """Search for settings, and save the best trial as a model.

    For the main thread of a process that does nothing else. A search of the same name that was
    stopped goes on; the trials that are done are not repeated. Where KerasTuner's environment
    variables say so, it is the chief, who hands the trials out and saves the model, or a worker.

    Args:
        config: what to search for.
        on_event: called with each event of each trial, in this thread.

    Returns:
        The model's card; None for a worker, who saves none.

    Raises:
        TrainingError: the model's name is taken, a search of that name has other settings or goes
            on already, the environment is wrong, no trial came to its end, or something cannot be
            written.
        DatasetError, ModelNotFoundError, ModelLoadError, CorrectionsError: as of
            `mnist_core.train`.
    """
    role = Role.from_environment()
    name = config.base.name
    folder = runs_directory() / "searches" / name
    if role.kind == "worker":
        _search(config, folder, role, on_event)
        return None
    check_free(name, models_directory(), overwrite=config.base.overwrite)
    with _held(config, folder):
        best = _search(config, folder, role, on_event)
        if best is None:
            raise TrainingError(
                "No trial came to its end: see 'python -m mnist_core runs'. Search elsewhere, such "
                f"as at a lower learning rate. Received: {name}, {config.trials} trials"
            )
        card = _train_best(config, best, on_event)
        for run in _trials_of(config):
            Checkpoints(run.checkpoints, {}).clear()
        shutil.rmtree(folder, ignore_errors=True)
    return card


@contextmanager
def _held(config: TuningConfig, folder: Path) -> Iterator[None]:
    """Be the process of a search that is new, or was stopped."""
    # What may differ, and the search is still the same.
    plain = dataclasses.replace(config, base=dataclasses.replace(config.base, overwrite=False))
    settings = json.loads(json.dumps(dataclasses.asdict(plain)))
    lock = FileLock(folder / "lock", timeout=0.1)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        known = read_table(folder / "search.json")
        if not known:
            write_table(folder / "search.json", settings)
    except Timeout as error:
        raise TrainingError(
            "This search goes on in another process already. Wait, or choose another name. "
            f"Received: {config.base.name}"
        ) from error
    except OSError as error:
        lock.release()
        raise TrainingError(
            f"The search cannot be saved ({error.strerror or error}). Make room, or check your "
            f"rights to the folder. Received: {error.filename or folder}"
        ) from error
    try:
        if known and known != settings:
            raise TrainingError(
                "A search of that name was begun with other settings. Go on with those, choose "
                f"another name, or remove its folder. Received: {folder}, begun with "
                f"{json.dumps(known)}"
            )
        yield
    finally:
        lock.release()


def _search(config: TuningConfig, folder: Path, role: Role, on_event: OnEvent) -> Settings | None:
    """Make the trials, or hand them out; the settings of the best one, if there is any."""
    on_event(Message(text="Loading KerasTuner"))
    prepare_tensorflow()
    import grpc
    import keras_tuner

    settings = json.dumps(dataclasses.asdict(config), sort_keys=True)
    mark = hashlib.sha256(settings.encode()).hexdigest()[:16]
    space = _space(config, mark)
    common: dict[str, Any] = {
        "objective": keras_tuner.Objective(_OBJECTIVE, "max"),
        "max_trials": config.trials,
        "hyperparameters": space,
        "seed": config.base.seed or 1,  # 0 is none there
        # One that fails is a result as well: it must not end the search.
        "max_consecutive_failed_trials": config.trials + 1,
    }
    if config.algorithm == "bayesian":
        common["num_initial_points"] = 2 * len(config.search)
        kind: Any = keras_tuner.oracles.BayesianOptimizationOracle
    else:
        kind = keras_tuner.oracles.RandomSearchOracle

    class Oracle(kind):  # type: ignore[misc]
        """Begins where nothing is altered, so that the best is at least as good."""

        def populate_space(self, trial_id: str) -> dict[str, Any]:
            if not self.trials:
                values = {one.name: one.default for one in self.hyperparameters.space}
                return {"status": "RUNNING", "values": values}
            answer = super().populate_space(trial_id)
            # The Gaussian process may ask for what is known already.
            if any(answer["values"] == one.hyperparameters.values for one in self.trials.values()):
                return keras_tuner.oracles.RandomSearchOracle.populate_space(self, trial_id)
            return answer

    class Tuner(keras_tuner.engine.base_tuner.BaseTuner):  # type: ignore[misc]
        """Each trial is a training run of ours."""

        def run_trial(self, trial: Any, *arguments: Any, **named: Any) -> dict[str, float]:
            values = dict(trial.hyperparameters.values)
            try:
                if values.pop(_MARK) != mark:
                    raise TrainingError(
                        "The chief searches with other settings. Give all machines the same "
                        f"command. Received: {config}"
                    )
                return {_OBJECTIVE: _run_trial(config, trial.trial_id, values, self.best, on_event)}
            except (TrainingDiverged, TrainingStopped) as error:
                raise keras_tuner.errors.FailedTrialError(str(error)) from error
            except Exception as error:
                # All others would be taken for a bad trial, too, and not be seen.
                raise keras_tuner.errors.FatalError(str(error)) from error

        def best(self) -> float | None:
            """The best result so far, of all machines."""
            trial = _best_of(self.oracle)
            return trial.score if trial else None

    try:
        with redirect_stdout(io.StringIO()):  # it tells that it goes on, in words of its own
            tuner = Tuner(
                oracle=Oracle(**common), directory=str(folder.parent), project_name=folder.name
            )
        done = len(tuner.oracle.end_order) if role.kind != "worker" else 0
        if done:
            on_event(Message(text=f"Going on after {done} of {config.trials} trials"))
        if role.kind == "chief":
            on_event(Message(text=f"Handing out trials at {role.address}"))
        if role.kind == "worker":
            on_event(Message(text=f"Asking {role.address} for trials"))
        tuner.search(verbose=0)
    except keras_tuner.errors.FatalError as error:
        if not isinstance(error.__cause__, grpc.RpcError):
            raise (error.__cause__ or error) from None
        raise _unanswered(role, error.__cause__) from error
    except grpc.RpcError as error:
        raise _unanswered(role, error) from error
    except RuntimeError as error:
        raise TrainingError(
            "The search cannot go on. See that the chief's address is this machine's and its port "
            f"is free, or remove the search's folder. Received: {folder}, {role.address} ({error})"
        ) from error
    if role.kind == "worker":
        return None
    best = _best_of(tuner.oracle)
    if best is None:
        return None
    values = dict(best.hyperparameters.values)
    values.pop(_MARK)
    told = f"The best of {len(tuner.oracle.end_order)} trials: {best.score:.2%} of the held-out "
    on_event(Message(text=f"{told}images, with {_told(values)}."))
    return config.trial(best.trial_id, values)


def _best_of(oracle: Any) -> Any:
    """The best trial that came to its end, or None."""
    # Where there are none, KerasTuner gives others.
    trials = [trial for trial in oracle.get_best_trials(1) if trial.status == "COMPLETED"]
    return trials[0] if trials else None


def _unanswered(role: Role, error: Exception) -> TrainingError:
    return TrainingError(
        "The chief of the search does not answer. Start it, and see that this machine reaches its "
        f"port. Received: {role.address} ({' '.join(str(error).split())[:200]})"
    )


def _space(config: TuningConfig, mark: str) -> Any:
    """What is searched, as KerasTuner takes it; the first trial has the defaults."""
    import keras_tuner

    base, space = config.base, keras_tuner.HyperParameters()
    space.Fixed(_MARK, mark)
    for name in config.search:
        if name == "learning_rate":
            low, high = max(1e-9, base.learning_rate / 10), min(1.0, base.learning_rate * 10)
            space.Float(name, low, high, sampling="log", default=base.learning_rate)
        elif name == "batch_size":
            sizes = sorted({*_BATCH_SIZES, base.batch_size})
            space.Choice(name, sizes, default=base.batch_size)
        elif name == "dropout":
            own = _DROPOUT if base.dropout is None else base.dropout
            space.Float(name, 0.0, max(0.7, own), step=0.05, default=own)
        elif name == "augmentation":
            space.Float(name, 0.0, 1.0, step=0.1, default=base.augmentation)
        else:
            choices = OPTIMIZERS if name == "optimizer" else SCHEDULES
            space.Choice(name, list(choices), default=getattr(base, name), ordered=False)
    return space


def _run_trial(
    config: TuningConfig,
    number: str,
    values: dict[str, Any],
    best: Callable[[], float | None],
    on_event: OnEvent,
) -> float:
    """Train a trial; its share of held-out images read rightly. The best one's checkpoints stay."""
    import keras

    keras.utils.clear_session()
    on_event(Message(text=f"Trial {int(number) + 1} of {config.trials}: {_told(values)}."))
    run = begin_run(config.trial(number, values))
    try:
        accuracy = jobs.execute_trial(run, on_event)
    except (TrainingDiverged, TrainingStopped) as error:
        on_event(Message(text=str(error)))
        raise
    before = best()  # not until now: others may have ended theirs meanwhile
    worse = before is not None and accuracy <= before
    for other in [run] if worse else [r for r in _trials_of(config) if r.id != run.id]:
        Checkpoints(other.checkpoints, {}).clear()
    highest = accuracy if before is None else max(accuracy, before)
    result = f"{accuracy:.2%} held out; at best {highest:.2%}"
    on_event(Message(text=f"Trial {int(number) + 1}: {result}."))
    return accuracy


def _train_best(config: TuningConfig, best: Settings, on_event: OnEvent) -> ModelCard:
    """Save the best trial as the model: from its checkpoints, or where they are elsewhere, anew."""
    final = dataclasses.replace(best, name=config.base.name, overwrite=config.base.overwrite)
    run = begin_run(final)
    for trial in list_runs():
        with suppress(TrainingError):
            if not run.epochs_done and trial.epochs_done and trial.config == best:
                shutil.copytree(trial.checkpoints, run.checkpoints, dirs_exist_ok=True)
                shutil.copy(trial.folder / "events.jsonl", run.folder)
    return jobs.execute(run, on_event)


def _trials_of(config: TuningConfig) -> list[Run]:
    """The runs of a search's trials that are over."""
    runs = []
    for run in list_runs():
        with suppress(TrainingError):
            outcome = run.outcome
            over = outcome is not None and outcome.validation_accuracy is not None
            if over and str(run.config.name).rpartition("-")[0] == config.base.name:
                runs.append(run)
    return runs


def _told(values: dict[str, Any]) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} " + (f"{value:.4g}" if isinstance(value, float) else str(value))
        for name, value in values.items()
    )
