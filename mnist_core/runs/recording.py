"""Record the events of a training, and its failure, in the run's folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from mnist_core.errors import TrainingStopped
from mnist_core.runs.run import Outcome, Run, saving_error
from mnist_core.runs.tensorboard import TensorBoardLog
from mnist_core.training.events import OnEvent, TrainingEvent

__all__ = ["recorded"]


@contextmanager
def recorded(run: Run, on_event: OnEvent) -> Iterator[OnEvent]:
    """Yield a function that records an event and then passes it to `on_event`.

    An error that ends the training is recorded as the run's outcome.

    Raises:
        TrainingError: something else, such as the model, cannot be written.
    """
    log = TensorBoardLog(run.tensorboard)

    def report(event: TrainingEvent) -> None:
        run.report(event)
        on_event(event)
        if failure := log.add(event):
            run.report(failure)
            on_event(failure)

    run.set_phase("running")
    try:
        with closing(log):
            yield report
    except OSError as error:
        failure = saving_error("The model", error, run.models)
        run.finish(Outcome(state="failed", text=str(failure)))
        raise failure from error
    except Exception as error:
        state = "cancelled" if isinstance(error, TrainingStopped) else "failed"
        run.finish(Outcome(state=state, text=str(error) or repr(error)))
        raise
