"""All that a training tells, written into its run's folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from mnist_core.errors import TrainingError, TrainingStopped
from mnist_core.runs.run import Outcome, Run
from mnist_core.runs.tensorboard import TensorBoardLog
from mnist_core.training.events import OnEvent, TrainingEvent

__all__ = ["recorded"]


@contextmanager
def recorded(run: Run, on_event: OnEvent) -> Iterator[OnEvent]:
    """Write down what a run tells, and how it fails, if it does.

    Args:
        run: that is about to be trained.
        on_event: called with each event, after it was written down.

    Returns:
        What to call with each event.

    Raises:
        TrainingError: what is written besides, such as the model, cannot be written.
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
    except TrainingStopped as error:
        run.finish(Outcome(state="cancelled", text=str(error)))
        raise
    except OSError as error:
        failure = TrainingError(
            f"The model cannot be saved ({error.strerror or error}). Make room, or check your "
            f"rights to the folder. Received: {error.filename or run.models}"
        )
        run.finish(Outcome(state="failed", text=str(failure)))
        raise failure from error
    except Exception as error:
        run.finish(Outcome(state="failed", text=str(error) or repr(error)))
        raise
