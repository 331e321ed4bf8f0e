"""Trainings in processes of their own, that outlive whoever started them.

A job is the command line's `train --resume ID --background` on a run's folder. It waits for its
turn, steps back behind whoever reads digits, and looks every moment whether it is to stop. All that
is known of it is in the run's folder: see `runs`.
"""

from __future__ import annotations

import _thread
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from mnist_core.errors import MnistError, TrainingError, TrainingStopped
from mnist_core.registry.card import ModelCard
from mnist_core.runs.store import Outcome, Run, list_runs, new_run, reopen_run
from mnist_core.runs.train import train_run, try_run
from mnist_core.storage.paths import PROJECT, runs_directory
from mnist_core.training.config import TrainingConfig
from mnist_core.training.events import Message, OnEvent

__all__ = ["cancel", "execute", "execute_trial", "kill", "lower_priority", "resume", "start"]

T = TypeVar("T")
Training = Callable[[Run, OnEvent, Callable[[], bool]], T]

# Trainings that may run at once; the others wait.
_SLOTS_VARIABLE = "MNIST_TRAININGS"
# How much a job steps back, as `nice` counts, unless the environment says otherwise.
_NICE_VARIABLE, _NICE = "MNIST_TRAINING_NICE", 10
# Seconds between two looks: at the queue, and whether to stop.
_QUEUE_LOOK, _STOP_LOOK = 0.3, 0.15
# So long a job has to end by itself before it is cut off, in seconds.
_GRACE = 1.5
_CANCELLED = Outcome(state="cancelled", text="Stopped before anything was kept.")


def start(config: TrainingConfig, models: Path | None = None) -> Run:
    """Start a training in a process of its own, or put it into the queue.

    Args:
        config: what to train and how.
        models: where its model is for, instead of `models_directory()`.

    Raises:
        TrainingError: the name is taken, by a model or by a run that goes on, or a folder cannot
            be written.
    """
    run = new_run(config, models)
    _spawn(run)
    return run


def resume(run: Run) -> None:
    """Let a run that was stopped go on after its last whole epoch, in a process of its own.

    Raises:
        TrainingError: it goes on already, or is done; or its model's name was taken since.
    """
    reopen_run(run)
    _spawn(run)


def cancel(run: Run, *, keep: bool = True) -> None:
    """Ask a run to stop; returns at once. It stops within two seconds, and can be resumed.

    Args:
        run: nothing happens if it has ended.
        keep: save what was learnt up to its last whole epoch as the model, if there is one.
    """
    if run.is_active:
        run.request_stop(keep=keep)


def kill(run: Run) -> None:
    """End a run whose process answers no more; its last whole epoch stays."""
    pid = run.pid
    # The lock tells that the process which wrote the number lives: it is nobody else's by now.
    if pid and pid != os.getpid() and run.has_process:
        with suppress(ProcessLookupError):
            os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


def lower_priority() -> None:
    """Let this process wait, for the rest of its life, whenever others want the processor.

    Raises:
        TrainingError: `$MNIST_TRAINING_NICE` is not 0 to 19.
    """
    much = _number_from(_NICE_VARIABLE, _NICE, 0, 19)
    if hasattr(os, "nice"):
        os.nice(much)
    # Linux weighs sessions against each other first; within a job's own session nobody competes.
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(much), encoding="ascii")


def execute(
    run: Run,
    on_event: OnEvent = lambda event: None,
    *,
    background: bool = False,
) -> ModelCard:
    """Be the process that trains a run: wait for its turn, train, and stop when asked to.

    For the main thread of a process that does nothing else.

    Args:
        run: new, or reopened.
        on_event: called with each event.
        background: step back behind all other processes.

    Raises:
        TrainingStopped: it was cancelled, and nothing was kept.
        TrainingError, DatasetError, ModelNotFoundError, ModelLoadError: as of `train`.
    """
    return _execute(run, on_event, train_run, background=background)


def execute_trial(run: Run, on_event: OnEvent = lambda event: None) -> float:
    """Be the process that trains a run as a trial, which saves no model; else as `execute`.

    Returns:
        The share of the held-out images that is read rightly, 0 to 1.

    Raises:
        TrainingStopped: it was cancelled.
        TrainingError, DatasetError, ModelNotFoundError, ModelLoadError: as of `train`.
    """
    return _execute(run, on_event, try_run, background=False)


def _execute(run: Run, on_event: OnEvent, train: Training[T], *, background: bool) -> T:
    with run.lock():
        watch = _Watch(run)
        try:
            if background:
                lower_priority()
            with _turn(run, on_event):
                return train(run, on_event, watch.stopping.is_set)
        except KeyboardInterrupt:
            if not watch.interrupted:
                raise
            run.finish(_CANCELLED)
            raise TrainingStopped(f"{_CANCELLED.text} Received: {run.id}") from None
        except MnistError as error:
            if run.outcome is None:
                run.finish(Outcome(state="failed", text=str(error)))
            raise
        finally:
            watch.end()


class _Watch:
    """Looks whether a run is to stop, in a thread of its own, and stops it."""

    def __init__(self, run: Run) -> None:
        self.stopping = threading.Event()  # after the step at hand, to keep what was learnt
        self.interrupted = False  # at once
        self._run, self._over = run, threading.Event()
        threading.Thread(target=self._look, daemon=True, name="stop-watch").start()

    def end(self) -> None:
        """There is nothing more to stop."""
        self._over.set()

    def _look(self) -> None:
        while not self._over.wait(_STOP_LOOK):
            keep = self._run.stop_requested
            if keep is None:
                continue
            if keep and self._run.epochs_done:
                self.stopping.set()
                return
            self.interrupted = True
            _thread.interrupt_main()
            # A library that is being loaded, or written in C, may not hear it in time.
            if not self._over.wait(_GRACE):
                self._run.finish(_CANCELLED)
                os._exit(130)
            return


@contextmanager
def _turn(run: Run, on_event: OnEvent) -> Iterator[None]:
    """Wait until a training may run and no other has waited longer; first come, first served."""
    run.set_phase("queued")
    told = False
    while True:
        waiting = (other for other in list_runs() if other.id != run.id)
        first = not any(o.ticket < run.ticket and o.state == "queued" for o in waiting)
        slot = _free_slot() if first else None
        if slot:
            break
        if not told:
            message = Message(text="Waiting for another training to end")
            run.report(message)
            on_event(message)
            told = True
        time.sleep(_QUEUE_LOOK)
    try:
        yield
    finally:
        slot.release()


def _free_slot() -> FileLock | None:
    for number in range(_number_from(_SLOTS_VARIABLE, 1, 1, 64)):
        lock = FileLock(runs_directory() / f".slot-{number}.lock", thread_local=False)
        with suppress(Timeout):
            lock.acquire(timeout=0)
            return lock
    return None


def _number_from(variable: str, default: int, low: int, high: int) -> int:
    configured = os.environ.get(variable) or str(default)
    if not configured.isdecimal() or not low <= int(configured) <= high:
        raise TrainingError(
            f"The environment's ${variable} is a whole number from {low} to {high}. Received: "
            f"{configured!r}"
        )
    return int(configured)


def _spawn(run: Run) -> None:
    # A session of its own: neither the end of the server nor its terminal's Ctrl-C reaches it.
    options: dict[str, int | bool] = {"start_new_session": True}
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.BELOW_NORMAL_PRIORITY_CLASS
        options = {"creationflags": flags | subprocess.CREATE_NO_WINDOW}
    command = [sys.executable, "-m", "mnist_core", "train", "--resume", run.id, "--background"]
    try:
        with run.log.open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=PROJECT,
                env=os.environ | {"MNIST_RUNS": str(run.folder.parent.absolute())},
                **options,  # type: ignore[call-overload]
            )
    except OSError as error:
        run.finish(Outcome(state="failed", text=f"No process could be started: {error}"))
        raise TrainingError(
            f"The training cannot be started ({error.strerror}). Close other programs, or restart "
            f"the app. Received: {' '.join(command)}"
        ) from error
    threading.Thread(target=_see_to_its_end, args=(process, run), daemon=True).start()


def _see_to_its_end(process: subprocess.Popen[bytes], run: Run) -> None:
    # The system keeps a process's number until its end was taken note of.
    code = process.wait()
    if run.phase == "starting" and run.outcome is None:
        text = f"The process ended with code {code} before the training began."
        run.finish(Outcome(state="failed", text=text))
