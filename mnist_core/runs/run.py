"""A training run on disk: `runs/<id>/`, from which any process can read its state at any time.

    config.json     the settings, and the folder that the model is saved in
    events.jsonl    the reported events, one per line
    tensorboard/    the same metrics for TensorBoard
    checkpoints/    the last complete epoch (and the best one, where it may be needed)
    log.txt         the output of the process
    process.json    the process and its phase
    request.json    a request to stop
    outcome.json    how the run ended
    model.json      which model the run has saved
    owner.json      who has started it, if the server knows
    search.json     for a trial of a search: which one
    lock            held by the process while it is alive

No state is kept in memory: the pages, other servers and the command line read the same files.
"""

from __future__ import annotations

import dataclasses
import re
import shutil
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mnist_core.errors import (
    ModelLoadError,
    ModelNotFoundError,
    TrainingError,
    require_choice,
)
from mnist_core.registry.card import ModelCard
from mnist_core.registry.store import load_card
from mnist_core.runs.process import ProcessRecord, is_locked, locked
from mnist_core.storage.files import read_json, write_json
from mnist_core.storage.paths import models_directory
from mnist_core.training.config import Settings, TrainingConfig
from mnist_core.training.events import TrainingEvent, event_from_json, event_to_json

__all__ = ["ACTIVE", "RUN_ID", "Outcome", "Run", "saving_error"]

RUN_ID = re.compile(r"\d{8}-\d{6}-[a-z0-9][a-z0-9._-]{0,44}")
# The end of a log that a page shows.
_LOG_LINES, _LOG_BYTES = 12, 20_000

# The states of a run that end without anyone's help. The others are "done", "cancelled", "failed"
# and "interrupted"; the last three can be resumed.
ACTIVE = ("queued", "running", "saving")
# The states that a process records at its end.
ENDED = ("done", "cancelled", "failed")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended.

    Attributes:
        state: "done", "cancelled" or "failed".
        text: the reason, for the user; may be "".
        card: the card of the saved model, if any.
        validation_accuracy: 0 to 1, for a trial, which saves no model; otherwise None.
    """

    state: str
    text: str = ""
    card: ModelCard | None = None
    validation_accuracy: float | None = None


@dataclass(frozen=True)
class Run:
    """The folder of a run. Every property reads the disk."""

    folder: Path

    @property
    def id(self) -> str:
        """The folder's name: the time of creation and the model's name."""
        return self.folder.name

    @property
    def created(self) -> datetime:
        """The time of creation, UTC."""
        return datetime.strptime(self.id[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)

    @property
    def config(self) -> Settings:
        """The settings of the training.

        Raises:
            TrainingError: the file is damaged or missing.
        """
        return TrainingConfig.from_json(self._table().get("configuration")).resolved()

    @property
    def models(self) -> Path:
        """The folder of models that the model is saved in."""
        return Path(str(self._table().get("models", models_directory())))

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.folder / "checkpoints"

    @property
    def tensorboard(self) -> Path:
        """The folder of TensorBoard's event files."""
        return self.folder / "tensorboard"

    @property
    def log(self) -> Path:
        """The file with the output of the process."""
        return self.folder / "log.txt"

    @property
    def outcome(self) -> Outcome | None:
        """How the run ended; None while it has not ended, or if it was interrupted."""
        values = read_json(self.folder / "outcome.json")
        try:
            state = str(values["state"])
            require_choice("The state", state, ENDED)
            return Outcome(
                state=state,
                text=str(values["text"]),
                card=values["card"] and ModelCard.from_json(values["card"]),
                validation_accuracy=values.get("validation_accuracy"),
            )
        except Exception:  # a damaged file may hold anything
            return None

    @property
    def process(self) -> ProcessRecord:
        """What the last process recorded of itself."""
        return ProcessRecord.read(self.folder)

    @property
    def has_process(self) -> bool:
        """True while a live process trains the run or waits in the queue."""
        return is_locked(self.folder)

    @property
    def state(self) -> str:
        """One of `ACTIVE`, "done", "cancelled", "failed" or "interrupted"."""
        if outcome := self.outcome:
            return outcome.state
        alive, process = self.has_process, self.process
        if alive or process.is_starting:
            return process.phase if process.phase in ACTIVE else "queued"
        # The run may have ended after the first look.
        outcome = self.outcome
        return outcome.state if outcome else "interrupted"

    @property
    def is_active(self) -> bool:
        """True while the run is queued or being trained."""
        return self.state in ACTIVE

    @property
    def epochs_done(self) -> int:
        """The number of complete epochs, which a resumed run does not repeat."""
        history = read_json(self.checkpoints / "state.json").get("history")
        losses = history.get("loss") if isinstance(history, dict) else None
        return len(losses) if isinstance(losses, list) else 0

    def events(self) -> list[TrainingEvent]:
        """Return the reported events, oldest first, without incomplete lines."""
        events = []
        with suppress(OSError):
            for line in (self.folder / "events.jsonl").read_text("utf-8", "replace").splitlines():
                with suppress(ValueError):
                    events.append(event_from_json(line))
        return events

    def log_end(self) -> str:
        """Return the last lines of the process's output."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - _LOG_BYTES))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return ""
        return "\n".join(text.strip().splitlines()[-_LOG_LINES:])

    def lock(self) -> AbstractContextManager[None]:
        """Be the process of this run; TrainingError if another process is."""
        return locked(self.folder)

    def report(self, event: TrainingEvent) -> None:
        """Append an event to the reported ones."""
        with (self.folder / "events.jsonl").open("a", encoding="utf-8") as file:
            file.write(event_to_json(event) + "\n")

    def set_phase(self, phase: str) -> None:
        """Record what this process does: "starting", "queued", "running" or "saving"."""
        ProcessRecord.write(self.folder, phase)

    def initialize(self, settings: Settings, models: Path) -> None:
        """Turn an empty folder into a run with these settings and this folder of models."""
        self.set_phase("starting")
        # Last: a folder without config.json is not listed as a run.
        values = {"configuration": dataclasses.asdict(settings), "models": str(models)}
        write_json(self.folder / "config.json", values)

    def reset(self) -> None:
        """Delete the outcome and the request to stop, because the run is about to resume."""
        self.set_phase("starting")
        for name in ("outcome.json", "request.json"):
            (self.folder / name).unlink(missing_ok=True)

    def request_stop(self, *, keep: bool) -> None:
        """Ask the process to stop; with `keep`, it saves a model if an epoch is complete."""
        write_json(self.folder / "request.json", {"keep": keep})

    @property
    def stop_requested(self) -> bool | None:
        """None without a request to stop; otherwise whether to save a model."""
        request = read_json(self.folder / "request.json")
        return bool(request.get("keep")) if request else None

    def finish(self, outcome: Outcome) -> None:
        """Record how the run ended."""
        # On a full disk the released lock still shows that the run has ended; the error that ended
        # it must not be replaced by this one.
        with suppress(OSError):
            write_json(self.folder / "outcome.json", dataclasses.asdict(outcome))

    def delete(self) -> None:
        """Delete the folder; a saved model stays.

        Raises:
            TrainingError: the run is active.
        """
        if self.is_active:
            raise TrainingError(
                f"An active run cannot be deleted. Cancel it first. Received: {self.id}"
            )
        shutil.rmtree(self.folder, ignore_errors=True)

    def has_own_model(self) -> bool:
        """Return whether this run itself saved the model of its name, and so may replace it."""
        created = read_json(self.folder / "model.json").get("created")
        if created is None:
            return False
        try:
            return load_card(self.config.name, self.models).created == created
        except (ModelNotFoundError, ModelLoadError):
            return False

    def record_model(self, card: ModelCard) -> None:
        """Record which model this run saves."""
        write_json(self.folder / "model.json", {"created": card.created})

    @property
    def owner(self) -> str | None:
        """Who has started the run, as recorded by `record_owner`."""
        owner = read_json(self.folder / "owner.json").get("owner")
        return owner if isinstance(owner, str) else None

    def record_owner(self, owner: str) -> None:
        """Record who has started the run, such as a person's number."""
        write_json(self.folder / "owner.json", {"owner": owner})

    @property
    def search(self) -> str | None:
        """The name of the search whose trial it is; None for a training of its own."""
        name = read_json(self.folder / "search.json").get("name")
        return name if isinstance(name, str) else None

    def record_search(self, name: str) -> None:
        """Record that the run is a trial of this search."""
        write_json(self.folder / "search.json", {"name": name})

    def _table(self) -> dict[str, Any]:
        return read_json(self.folder / "config.json")


def saving_error(subject: str, error: OSError, folder: Path) -> TrainingError:
    """Make the error for a run, model or search that cannot be written into a folder."""
    return TrainingError(
        f"{subject} cannot be saved ({error.strerror or error}). Make room, or check the "
        f"permissions of the folder. Received: {error.filename or folder}"
    )
