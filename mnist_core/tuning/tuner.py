"""KerasTuner's oracle, tuner and errors, adapted to training runs. Imports Keras."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import keras_tuner
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.oracles import BayesianOptimizationOracle, RandomSearchOracle

from mnist_core.errors import TrainingDiverged, TrainingError, TrainingStopped
from mnist_core.tuning.config import Role, TuningConfig

__all__ = ["RunTuner", "make_oracle", "translated_errors"]

_OBJECTIVE = "val_accuracy"


class _FromDefaults(keras_tuner.Oracle):  # type: ignore[misc]
    """Tries the default values first, so that the best trial is at least as good as they are."""

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        if not self.trials:
            values = {parameter.name: parameter.default for parameter in self.hyperparameters.space}
            return {"status": "RUNNING", "values": values}
        response: dict[str, Any] = super().populate_space(trial_id)
        known = [trial.hyperparameters.values for trial in self.trials.values()]
        if response["values"] in known:  # the Gaussian process may repeat a trial
            response = RandomSearchOracle.populate_space(self, trial_id)
        return response


class _BayesianOracle(_FromDefaults, BayesianOptimizationOracle):  # type: ignore[misc]
    pass


class _RandomOracle(_FromDefaults, RandomSearchOracle):  # type: ignore[misc]
    pass


def make_oracle(config: TuningConfig, space: Any) -> Any:
    """Return the oracle that chooses the values of each trial from the search space."""
    options = {
        "objective": keras_tuner.Objective(_OBJECTIVE, "max"),
        "max_trials": config.trials,
        "hyperparameters": space,
        "seed": config.base.seed or 1,  # KerasTuner takes 0 for "no seed"
        # A failed trial is a result too: it must not end the search.
        "max_consecutive_failed_trials": config.trials + 1,
    }
    if config.algorithm == "bayesian":
        return _BayesianOracle(num_initial_points=2 * len(config.search), **options)
    return _RandomOracle(**options)


class RunTuner(BaseTuner):  # type: ignore[misc]
    """Trains each trial with a function.

    Args:
        train: takes a trial's number and values, returns the validation accuracy.
        options: of KerasTuner's `BaseTuner`.
    """

    def __init__(self, train: Callable[[str, dict[str, Any]], float], **options: Any) -> None:
        self._train = train
        super().__init__(**options)

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> dict[str, float]:
        """Train a trial, as KerasTuner asks for."""
        try:
            return {_OBJECTIVE: self._train(trial.trial_id, dict(trial.hyperparameters.values))}
        except (TrainingDiverged, TrainingStopped) as error:
            raise keras_tuner.errors.FailedTrialError(str(error)) from error
        except Exception as error:
            # KerasTuner would count any other error as a failed trial, and hide it.
            raise keras_tuner.errors.FatalError(str(error)) from error

    def best_trial(self) -> Any:
        """Return the best complete trial so far, of all machines; None if there is none."""
        # Without complete trials, KerasTuner returns others.
        trials = [trial for trial in self.oracle.get_best_trials(1) if trial.status == "COMPLETED"]
        return trials[0] if trials else None


@contextmanager
def translated_errors(role: Role, folder: str) -> Iterator[None]:
    """Raise KerasTuner's and gRPC's errors as ours, and those of a trial as they were.

    Raises:
        TrainingError: the chief does not answer, or the search cannot be continued.
    """
    try:
        yield
    except keras_tuner.errors.FatalError as error:
        cause = error.__cause__ or error
        if not isinstance(cause, grpc.RpcError):
            raise cause from None
        raise _no_answer(role, cause) from error
    except grpc.RpcError as error:
        raise _no_answer(role, error) from error
    except RuntimeError as error:
        raise TrainingError(
            "The search cannot be continued. Check that the chief's address is this machine's and "
            f"its port is free, or delete the search's folder. Received: {folder}, {role.address} "
            f"({error})"
        ) from error


def _no_answer(role: Role, error: Exception) -> TrainingError:
    return TrainingError(
        "The chief of the search does not answer. Start it, and check that this machine can reach "
        f"its port. Received: {role.address} ({' '.join(str(error).split())[:200]})"
    )
