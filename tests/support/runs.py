"""Work on runs, for fresh processes (see `processes`)."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from pathlib import Path

from support.cards import make_card

from mnist_core import ModelCard, TrainingConfig, TrainingError, train
from mnist_core.runs import jobs
from mnist_core.runs.run import Outcome, Run
from mnist_core.runs.store import find_run
from mnist_core.runs.tensorboard import TensorBoardLog
from mnist_core.training.events import BatchEnd, EpochEnd, Hooks, Message, TrainingEvent

Send = Callable[[str], None]


def hold(send: Send, folder: Path, phase: str) -> None:
    """Be the process of a run for a minute."""
    run = Run(folder)
    with run.lock():
        run.set_phase(phase)
        send("locked")
        time.sleep(60)


def pretend(send: Send, run_id: str, seconds: float, responsive: bool) -> None:
    """Execute a run whose training only waits; send "begins", and the class of an error.

    A training that is not responsive ignores interrupts, as a C library may.
    """

    def wait(run: Run, hooks: Hooks) -> ModelCard:
        run.set_phase("running")
        send("begins")
        if not responsive:
            ctypes.CDLL(None).sleep(60)
        card, end = make_card("mine"), time.monotonic() + seconds
        while time.monotonic() < end and not hooks.stopping():
            time.sleep(0.01)
        state = "cancelled" if hooks.stopping() else "done"
        run.finish(Outcome(state=state, text="saved", card=card))
        return card

    # A busy machine reacts late to an interrupt.
    grace = {"grace": 30.0} if responsive else {}
    try:
        jobs.execute(find_run(run_id), wait, **grace)
    except TrainingError as error:
        send(type(error).__name__)


def start_job(config: TrainingConfig) -> str:
    """Start a job; return the id of its run."""
    return jobs.start(config).id


def train_and_collect(config: TrainingConfig, models: Path) -> list[TrainingEvent]:
    """Train a model; return the events."""
    events: list[TrainingEvent] = []
    train(config, events.append, models)
    return events


def train_and_fail(config: TrainingConfig, models: Path) -> None:
    """Train a model until an event handler fails with a RuntimeError in the first epoch."""

    def fail(event: TrainingEvent) -> None:
        if isinstance(event, BatchEnd):
            raise RuntimeError("stopped by the test")

    train(config, fail, models)


# The folder of a TensorBoard log's file, tag, step and value.
Scalar = tuple[str, str, int, float]


def write_tensorboard_log(
    folder: Path, epochs: int, limit: int = 0
) -> tuple[list[str], list[Scalar]]:
    """Log some epochs of two batches each; return the messages, and what the files contain.

    Args:
        folder: of the log.
        epochs: their number.
        limit: the largest size of a file, in bytes; 0: no limit.
    """
    if limit:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    log = TensorBoardLog(folder)
    messages = [log.add(Message(text="Loading"))]
    for epoch in range(1, epochs + 1):
        for batch in (10, 20):
            event = BatchEnd(
                epoch=epoch, epochs=9, batch=batch, batches=20, loss=1 / batch, accuracy=0.5,
                images_per_second=100.0, learning_rate=0.25,
            )  # fmt: skip
            messages.append(log.add(event))
        end = EpochEnd(
            epoch=epoch, epochs=9, loss=0.25, accuracy=0.75, val_loss=0.5, val_accuracy=0.875,
            seconds=1.0, learning_rate=0.125,
        )  # fmt: skip
        messages.append(log.add(end))
    log.close()
    return [message.text for message in messages if message], _read_scalars(folder)


def _read_scalars(folder: Path) -> list[Scalar]:
    import tensorflow as tf

    scalars = []
    for path in sorted(folder.glob("*/events.out.tfevents.*")) if folder.is_dir() else []:
        for record in tf.data.TFRecordDataset(str(path)).ignore_errors():
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                assert value.metadata.plugin_data.plugin_name == "scalars"
                number = float(tf.make_ndarray(value.tensor))
                scalars.append((path.parent.name, value.tag, event.step, number))
    return scalars
