"""A training run on disk: `runs/<id>/`, from which anyone can tell how a run goes, at any time.

    config.json     what is trained, and where the model is to be saved
    events.jsonl    what the run reported, an event a line
    tensorboard/    its figures once more, for TensorBoard
    checkpoints/    its last whole epoch (and its best, where that is to be kept)
    log.txt         what the process said besides
    process.json    which process it is, and what it waits for or does
    request.json    that it is to be stopped, by whoever wants so
    outcome.json    how it ended
    lock            held by the process as long as it lives

Nothing of it is in anybody's memory: pages, other servers and the command line read the same. That
a process lives is told by its lock, which the system takes from it however it ends; its number
alone would not do, for numbers are given out again.
"""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from mnist_core.errors import ModelLoadError, ModelNotFoundError, TrainingError
from mnist_core.registry.card import ModelCard
from mnist_core.registry.store import load_card
from mnist_core.storage.files import read_table, write_table
from mnist_core.storage.paths import models_directory
from mnist_core.training.config import Settings, TrainingConfig
from mnist_core.training.events import TrainingEvent, event_from_json, event_to_json

__all__ = ["ACTIVE", "RUN_ID", "STATES", "Outcome", "Run"]

RUN_ID = re.compile(r"\d{8}-\d{6}-[a-z0-9][a-z0-9._-]{0,44}")
# So long a process may take from its start until it holds its lock, in seconds.
_STARTING = 60.0
# A lock that is only looked at is held for less than this by whoever looks.
_GLANCE = 0.03
_LOG_LINES, _LOG_BYTES = 12, 20_000

# What a run can be. The first three end by themselves; all others can be resumed but "done".
STATES = ("queued", "running", "saving", "done", "cancelled", "failed", "interrupted")
ACTIVE = ("queued", "running", "saving")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended.

    Attributes:
        state: "done", "cancelled" or "failed".
        text: why, for people; may be "".
        card: the model that it left, if it left one.
        validation_accuracy: of a trial, which leaves none: the share of the held-out images that
            it reads rightly, 0 to 1.
    """

    state: str
    text: str = ""
    card: ModelCard | None = None
    validation_accuracy: float | None = None


@dataclass(frozen=True)
class Run:
    """A run's folder, and what it tells. Every look reads the disk anew."""

    folder: Path

    @property
    def id(self) -> str:
        """Its name: when it was made, and what it trains."""
        return self.folder.name

    @property
    def began(self) -> datetime:
        """When it was made, UTC."""
        return datetime.strptime(self.id[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)

    @property
    def config(self) -> Settings:
        """What it trains.

        Raises:
            TrainingError: the file is damaged or gone.
        """
        return TrainingConfig.from_json(self._settings().get("configuration")).resolved()

    @property
    def models(self) -> Path:
        """The folder of models that its model is for."""
        return Path(str(self._settings().get("models", models_directory())))

    @property
    def checkpoints(self) -> Path:
        """The folder of its checkpoints."""
        return self.folder / "checkpoints"

    @property
    def tensorboard(self) -> Path:
        """The folder of what TensorBoard shows of it."""
        return self.folder / "tensorboard"

    @property
    def log(self) -> Path:
        """What its process says goes here."""
        return self.folder / "log.txt"

    @property
    def outcome(self) -> Outcome | None:
        """How it ended; None as long as it has not, or if it was cut off."""
        values = read_table(self.folder / "outcome.json")
        try:
            card = values["card"] and ModelCard.from_json(values["card"])
            return Outcome(
                state=values["state"],
                text=str(values["text"]),
                card=card,
                validation_accuracy=values.get("validation_accuracy"),
            )
        except (KeyError, TypeError, ValueError):
            return None

    @property
    def has_process(self) -> bool:
        """True while a process works on it, or waits to."""
        if not self.folder.is_dir():
            return False
        try:
            with FileLock(self.folder / "lock", timeout=_GLANCE, poll_interval=_GLANCE / 3):
                return False
        except Timeout:
            return True
        except OSError:
            return False

    @property
    def state(self) -> str:
        """One of `STATES`."""
        if ended := self.outcome:
            return ended.state
        if self.has_process:
            phase = self.phase
            return phase if phase in ACTIVE else "queued"
        phase, since = self.phase, read_table(self.folder / "process.json").get("since", 0)
        if phase == "starting" and isinstance(since, int | float) and _recent(since):
            return "queued"
        # It may have ended between the two looks.
        ended = self.outcome
        return ended.state if ended else "interrupted"

    @property
    def phase(self) -> str:
        """What its process last said that it does; it may be dead. "" before it said anything."""
        return str(read_table(self.folder / "process.json").get("phase", ""))

    @property
    def is_active(self) -> bool:
        """True if it goes on by itself."""
        return self.state in ACTIVE

    @property
    def ticket(self) -> int:
        """Its place in the queue: the lower, the earlier."""
        ticket = read_table(self.folder / "process.json").get("ticket", 0)
        return ticket if isinstance(ticket, int) else 0

    @property
    def pid(self) -> int | None:
        """The number of its process; it means that process only while the run is `has_process`."""
        pid = read_table(self.folder / "process.json").get("pid")
        return pid if isinstance(pid, int) else None

    @property
    def epochs_done(self) -> int:
        """Whole epochs that a resumed run would not repeat."""
        history = read_table(self.checkpoints / "state.json").get("history")
        losses = history.get("loss") if isinstance(history, dict) else None
        return len(losses) if isinstance(losses, list) else 0

    def events(self) -> list[TrainingEvent]:
        """All that it reported so far, oldest first; a line that was cut short is left out."""
        try:
            lines = (self.folder / "events.jsonl").read_text("utf-8", "replace").splitlines()
        except OSError:
            return []
        events = []
        for line in lines:
            with suppress(ValueError):
                events.append(event_from_json(line))
        return events

    def log_end(self) -> str:
        """The last lines that its process said."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - _LOG_BYTES))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return ""
        return "\n".join(text.strip().splitlines()[-_LOG_LINES:])

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the process that works on it.

        Raises:
            TrainingError: another process does.
        """
        # A glance of somebody else may be in the way for a moment.
        lock = FileLock(self.folder / "lock", timeout=2, poll_interval=0.01, thread_local=False)
        try:
            lock.acquire()
        except Timeout as error:
            raise TrainingError(
                "This run goes on in another process already. Watch it, or cancel it first. "
                f"Received: {self.id}"
            ) from error
        try:
            yield
        finally:
            lock.release()

    def report(self, event: TrainingEvent) -> None:
        """Add an event to what it reported."""
        with (self.folder / "events.jsonl").open("a", encoding="utf-8") as file:
            file.write(event_to_json(event) + "\n")

    def set_phase(self, phase: str) -> None:
        """Say what its process does: "starting", "queued", "running" or "saving"."""
        old = read_table(self.folder / "process.json")
        ticket = time.time_ns() if phase == "starting" or "ticket" not in old else old["ticket"]
        pid = None if phase == "starting" else os.getpid()
        values = {"phase": phase, "pid": pid, "ticket": ticket, "since": time.time()}
        write_table(self.folder / "process.json", values)

    def record(self, settings: Settings, models: Path) -> None:
        """Make an empty folder a run: say what it is to train, and for which folder of models."""
        self.set_phase("starting")
        # Last: without it the folder is no run.
        values = {"configuration": dataclasses.asdict(settings), "models": str(models)}
        write_table(self.folder / "config.json", values)

    def prepare(self) -> None:
        """Forget how it ended and what it was asked for: it is about to go on."""
        self.set_phase("starting")
        for name in ("outcome.json", "request.json"):
            (self.folder / name).unlink(missing_ok=True)

    def request_stop(self, *, keep: bool) -> None:
        """Ask its process to stop; `keep` what was learnt as a model, if an epoch is done."""
        write_table(self.folder / "request.json", {"keep": keep})

    @property
    def stop_requested(self) -> bool | None:
        """None if it is not to stop; else whether to keep what was learnt."""
        request = read_table(self.folder / "request.json")
        return bool(request.get("keep")) if request else None

    def finish(self, outcome: Outcome) -> None:
        """Say how it ended."""
        # A full disk must not hide why the run ended: the process is still told by its lock.
        with suppress(OSError):
            write_table(self.folder / "outcome.json", dataclasses.asdict(outcome))

    def delete(self) -> None:
        """Remove all of it; its model stays.

        Raises:
            TrainingError: it goes on.
        """
        if self.is_active:
            raise TrainingError(
                f"This run goes on. Cancel it before it is removed. Received: {self.id}"
            )
        shutil.rmtree(self.folder, ignore_errors=True)

    def has_own_model(self) -> bool:
        """True if the model of its name is its own earlier work, which it may replace."""
        past = read_table(self.folder / "model.json").get("created")
        try:
            return past is not None and load_card(self.config.name, self.models).created == past
        except (ModelNotFoundError, ModelLoadError):
            return False

    def record_model(self, card: ModelCard) -> None:
        """Note which model is its own."""
        write_table(self.folder / "model.json", {"created": card.created})

    def _settings(self) -> dict[str, Any]:
        return read_table(self.folder / "config.json")


def _recent(since: float) -> bool:
    return 0 <= time.time() - since < _STARTING
