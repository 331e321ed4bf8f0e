"""Training jobs: processes of their own, which outlive the process that started them.

A job is the command `train --resume ID --background` for a run's folder. It waits for its turn,
runs at low priority, and checks regularly whether it is to stop. All of its state is in the run's
folder: see `mnist_core.runs.run`.
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

from mnist_core.errors import MnistError, TrainingError, TrainingStopped, require_int
from mnist_core.runs.run import Outcome, Run
from mnist_core.runs.store import list_runs, new_run, reopen_run
from mnist_core.storage.paths import PROJECT, runs_directory
from mnist_core.training.config import TrainingConfig
from mnist_core.training.events import Hooks, Message, OnEvent

__all__ = ["cancel", "execute", "kill", "lower_priority", "resume", "start"]

T = TypeVar("T")
# Trains a run: `train_run` or `try_run`.
Training = Callable[[Run, Hooks], T]

# The number of trainings that may run at once; the others wait.
_SLOTS_VARIABLE = "MNIST_TRAININGS"
# The niceness of a job, 0 to 19.
_NICE_VARIABLE, _NICE = "MNIST_TRAINING_NICE", 10
# Seconds between two checks of the queue, and of the request to stop.
_QUEUE_INTERVAL, _STOP_INTERVAL = 0.3, 0.15
# Seconds that an interrupted job has before its process is ended.
_GRACE = 1.5
_CANCELLED = Outcome(state="cancelled", text="Stopped before anything was saved.")


def start(config: TrainingConfig, models: Path | None = None) -> Run:
    """Start a training job, or add it to the queue.

    Args:
        config: the settings.
        models: the folder to save the model in, instead of `models_directory()`.

    Raises:
        TrainingError: the name is taken by a model or by an active run, or a folder cannot be
            written.
    """
    run = new_run(config, models)
    _spawn(run)
    return run


def resume(run: Run) -> None:
    """Start a job that resumes a stopped run after its last complete epoch.

    Raises:
        TrainingError: the run is active or done, or its model's name has been taken since.
    """
    reopen_run(run)
    _spawn(run)


def cancel(run: Run, *, keep: bool = True) -> None:
    """Ask a run to stop, and return at once. It stops within two seconds and can be resumed.

    Args:
        run: nothing happens if it has ended.
        keep: save a model of the last complete epoch, if there is one.
    """
    if run.is_active:
        run.request_stop(keep=keep)


def kill(run: Run) -> None:
    """Kill the process of a run that no longer responds; its last complete epoch stays.

    Raises:
        TrainingError: another container or machine, which shares the folder of runs, has the
            process.
    """
    process = run.process
    pid = process.pid
    # Only while the run is locked does the number belong to its process.
    if pid and pid != os.getpid() and run.has_process:
        if not process.is_here:
            raise TrainingError(
                "Another server that shares the folder of runs has this process. Wait until it "
                f"stops, or end it there. Received: {run.id} on {process.host}"
            )
        with suppress(ProcessLookupError):
            os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


def lower_priority() -> None:
    """Give all other processes precedence on the CPU over this one, until it ends.

    Raises:
        TrainingError: `$MNIST_TRAINING_NICE` is not a whole number from 0 to 19.
    """
    niceness = _read_int(_NICE_VARIABLE, _NICE, 0, 19)
    if hasattr(os, "nice"):
        os.nice(niceness)
    # Linux schedules sessions against each other first, and a job is alone in its session.
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(niceness), encoding="ascii")


def execute(
    run: Run,
    train: Training[T],
    on_event: OnEvent = lambda event: None,
    *,
    background: bool = False,
    grace: float = _GRACE,
) -> T:
    """Wait for a run's turn and train it in this process, until it is done or asked to stop.

    Call it in the main thread of a process that does nothing else.

    Args:
        run: new, or reopened.
        train: `train_run`, or `try_run` for a trial.
        on_event: called with each event.
        background: run at low priority.
        grace: seconds that the training has to react to an interrupt; then the process is ended.

    Returns:
        The result of `train`.

    Raises:
        TrainingStopped: the run was cancelled, and no model was saved.
        TrainingError, DatasetError, ModelNotFoundError, ModelLoadError: as for `train_run`.
    """
    with run.lock():
        watcher = _StopWatcher(run, grace)
        try:
            if background:
                lower_priority()
            with _turn(run, on_event):
                return train(run, Hooks(on_event=on_event, stopping=watcher.stopping.is_set))
        except KeyboardInterrupt:
            if not watcher.interrupted:
                raise
            run.finish(_CANCELLED)
            raise TrainingStopped(f"{_CANCELLED.text} Received: {run.id}") from None
        except MnistError as error:
            if run.outcome is None:
                run.finish(Outcome(state="failed", text=str(error)))
            raise
        finally:
            watcher.close()


class _StopWatcher:
    """Checks in a thread of its own whether a run is to stop, and stops it."""

    def __init__(self, run: Run, grace: float) -> None:
        self.stopping = threading.Event()  # after the current step, to save a model
        self.interrupted = False  # at once
        self._run, self._grace, self._closed = run, grace, threading.Event()
        threading.Thread(target=self._watch, daemon=True, name="stop-watcher").start()

    def close(self) -> None:
        """Stop watching."""
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.wait(_STOP_INTERVAL):
            keep = self._run.stop_requested
            if keep is None:
                continue
            if keep and self._run.epochs_done:
                self.stopping.set()
                return
            self.interrupted = True
            _thread.interrupt_main()
            # An import or a C library may not notice the interrupt in time.
            if not self._closed.wait(self._grace):
                self._run.finish(_CANCELLED)
                os._exit(130)
            return


@contextmanager
def _turn(run: Run, on_event: OnEvent) -> Iterator[None]:
    """Wait for a free slot, first come, first served, and occupy it."""
    run.set_phase("queued")
    ticket = run.process.ticket
    announced = False
    while True:
        others = (other for other in list_runs() if other.id != run.id)
        first = not any(o.process.ticket < ticket and o.state == "queued" for o in others)
        slot = _acquire_slot() if first else None
        if slot:
            break
        if not announced:
            message = Message(text="Waiting for another training to end")
            run.report(message)
            on_event(message)
            announced = True
        time.sleep(_QUEUE_INTERVAL)
    try:
        yield
    finally:
        slot.release()


def _acquire_slot() -> FileLock | None:
    for number in range(_read_int(_SLOTS_VARIABLE, 1, 1, 64)):
        lock = FileLock(runs_directory() / f".slot-{number}.lock", thread_local=False)
        with suppress(Timeout):
            lock.acquire(timeout=0)
            return lock
    return None


def _read_int(variable: str, default: int, low: int, high: int) -> int:
    value = os.environ.get(variable) or str(default)
    number = int(value) if value.isdecimal() else value
    require_int(f"The environment's ${variable}", number, low, high, error=TrainingError)
    return int(number)


def _spawn(run: Run) -> None:
    # In a session of its own, the job outlives the server and the Ctrl-C of its terminal.
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
        run.finish(Outcome(state="failed", text=f"Starting the process failed: {error}"))
        raise TrainingError(
            f"The training cannot be started ({error.strerror}). Close other programs, or restart "
            f"the app. Received: {' '.join(command)}"
        ) from error
    threading.Thread(target=_wait_for_exit, args=(process, run), daemon=True).start()


def _wait_for_exit(process: subprocess.Popen[bytes], run: Run) -> None:
    # Until its parent waits for it, an ended process stays in the process table.
    code = process.wait()
    if run.process.phase == "starting" and run.outcome is None:
        text = f"The process ended with code {code} before the training began."
        run.finish(Outcome(state="failed", text=text))
