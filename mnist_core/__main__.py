"""Command line: `python -m mnist_core read | train | runs | ensemble | evaluate | robustness |
models`.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mnist_core.architectures import ARCHITECTURES, OPTIMISERS, SCHEDULES
from mnist_core.configuration import TrainingConfig
from mnist_core.ensemble import add_command as add_ensemble
from mnist_core.errors import MnistError, TrainingError
from mnist_core.events import BatchEnd, Done, EpochEnd, Message, TrainingEvent, event_to_json
from mnist_core.images import load_image
from mnist_core.inference import Digit, load_recognizer
from mnist_core.registry import list_models, load_card, models_directory
from mnist_core.runs import Run, begin_run, find_run, list_runs, reopen_run, runs_directory

__all__ = ["main"]

# From so many files on, reading shows its progress.
_PROGRESS_FROM = 100
# An evaluation shows its progress in so many steps.
_PARTS = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0, or 2 with one line on bad input."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except MnistError as error:
        _complain(error)
        return 2
    except BrokenPipeError:
        # Whoever read the output has seen enough ('… | head'); Python would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        print("mnist_core: stopped", file=sys.stderr)
        return 130
    return code


def _complain(error: MnistError) -> None:
    # One line, whatever a file's name or a library's message brings along.
    print("mnist_core:", " ".join(str(error).split()), file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mnist_core", description="Read handwritten digits; train and judge models."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    read = commands.add_parser("read", help="read the digits of pictures, one line a file")
    read.add_argument("files", nargs="+", metavar="FILE", help="PNG, JPEG or WebP")
    read.add_argument("--model", help="a name from 'models'; default: the first of them")
    read.add_argument("--ink", choices=("auto", "light", "dark"), default="auto")
    read.add_argument("--json", action="store_true", help="one JSON object a line, with boxes")
    read.set_defaults(run=_read)

    _add_train(commands)
    runs = commands.add_parser("runs", help="list the trainings, the newest first")
    runs.add_argument("--json", action="store_true")
    runs.set_defaults(run=_runs)

    add_ensemble(commands, _native_messages_hidden)

    evaluate = commands.add_parser("evaluate", help="score a model on labelled images")
    evaluate.add_argument("name", help="a name from 'models'")
    evaluate.add_argument(
        "--data",
        metavar="FILE",
        help="an NPZ of images and labels, or a ZIP of folders 0 to 9; default: MNIST test",
    )
    evaluate.add_argument("--report", metavar="FILE", help="write all of it as an HTML page")
    evaluate.add_argument("--csv", metavar="FILE", help="write the answers, a line an image")
    evaluate.add_argument("--json", action="store_true")
    evaluate.set_defaults(run=_evaluate)

    robustness = commands.add_parser(
        "robustness", help="score a model on corrupted and distorted test images"
    )
    robustness.add_argument("name", help="a name from 'models'")
    robustness.add_argument(
        "--sample", type=int, default=1000, help="test images of the 10,000; default: %(default)s"
    )
    robustness.add_argument("--json", action="store_true")
    robustness.set_defaults(run=_robustness)

    models = commands.add_parser("models", help="list the models, the default one first")
    models.add_argument("--json", action="store_true")
    models.set_defaults(run=_models)
    return parser


def _add_train(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    train = commands.add_parser(
        "train", help="train a model and save it", argument_default=argparse.SUPPRESS
    )
    settings = train.add_argument_group("settings", "left out: what suits the architecture")
    settings.add_argument("--architecture", choices=tuple(ARCHITECTURES))
    settings.add_argument("--name", help="the model's name; default: the architecture's")
    settings.add_argument("--epochs", type=int, help="at most so many")
    settings.add_argument("--batch-size", type=int, help="images per step")
    settings.add_argument("--learning-rate", type=float)
    settings.add_argument("--schedule", choices=tuple(SCHEDULES), help="of the learning rate")
    settings.add_argument("--optimiser", choices=tuple(OPTIMISERS))
    settings.add_argument("--dropout", type=float, help="share of units left out, 0 to 0.9")
    settings.add_argument("--augmentation", type=float, help="how much images are altered, 0 to 1")
    settings.add_argument("--target-accuracy", type=float, help="stop when training reaches it")
    settings.add_argument("--patience", type=int, help="stop after so many epochs without gain")
    settings.add_argument("--validation-fraction", type=float, help="held out, 0.01 to 0.5")
    settings.add_argument("--seed", type=int)
    settings.add_argument("--mixed-precision", action="store_true", help="16 bits, for GPUs")
    settings.add_argument("--initial-model", help="begin with the weights of this model")
    settings.add_argument("--include-corrections", action="store_true")
    settings.add_argument("--overwrite", action="store_true", help="replace a model of that name")
    train.add_argument("--resume", metavar="ID", help="go on with a run from 'runs'; no settings")
    train.add_argument("--json", action="store_true", help="one JSON object an event")
    train.add_argument("--background", action="store_true", help=argparse.SUPPRESS)
    train.set_defaults(run=_train)


@contextmanager
def _native_messages_hidden() -> Iterator[None]:
    """Keep what LiteRT and TensorFlow tell of the processor off the terminal.

    They write to file descriptor 2, past Python; Python's own messages go on to be shown. The
    descriptor belongs to the whole process, so this is for the command line alone.
    """
    sys.stderr.flush()
    shown = os.dup(2)
    python_stderr = sys.stderr
    with Path(os.devnull).open("w") as nowhere, os.fdopen(os.dup(shown), "w") as terminal:
        os.dup2(nowhere.fileno(), 2)
        sys.stderr = terminal
        try:
            yield
        finally:
            sys.stderr = python_stderr
            os.dup2(shown, 2)
            os.close(shown)


def _read(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    with _native_messages_hidden():
        recognizer = load_recognizer(options.model)
    failed = False
    shown = len(options.files) >= _PROGRESS_FROM and sys.stderr.isatty()
    for file in tqdm(options.files, disable=not shown, unit="file"):
        try:
            digits = recognizer.read(load_image(file), options.ink)
        except MnistError as error:
            # The others are read all the same.
            _complain(error)
            failed = True
            continue
        if options.json:
            line = json.dumps({"file": file, "digits": [_as_json(digit) for digit in digits]})
        else:
            line = "\t".join([file, *_columns(digits)])
        tqdm.write(line, file=sys.stdout)
    return 2 if failed else 0


def _columns(digits: Sequence[Digit]) -> list[str]:
    """The number, how sure the least sure of its digits is and, if need be, what is no digit."""
    number = "".join(digit.text for digit in digits) or "-"
    sure = min((digit.confidence for digit in digits if digit.is_digit), default=0.0)
    guesses = [
        f"place {place} {digit.guess}" if len(digits) > 1 else digit.guess
        for place, digit in enumerate(digits, start=1)
        if not digit.is_digit
    ]
    note = [f"not a digit: {'; '.join(guesses)}"] if guesses else []
    return [number, f"{sure:.1%}", *note]


def _as_json(digit: Digit) -> dict[str, object]:
    return {
        "label": digit.label,
        "confidence": round(digit.confidence, 4),
        "probabilities": [round(float(p), 4) for p in digit.probabilities],
        "box": digit.box,
        "digit_score": round(digit.digit_score, 4),
        "is_digit": digit.is_digit,
    }


def _train(options: argparse.Namespace) -> int:
    from mnist_core import jobs

    given = vars(options)
    background, as_json = given.get("background", False), given.get("json", False)
    run = _run_to_train(given, background)
    # Whoever started the run may end it; it leaves nothing half done, as on Ctrl-C. A shell that
    # starts it in the background would have it ignore both.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    if background:
        # Who watches reads the run's folder; what is said here is its log.
        jobs.work(run, background=True)
    elif as_json:
        jobs.work(run, _print_as_json)
    else:
        with _native_messages_hidden():
            jobs.work(run, _ProgressBar())
    return 0


def _run_to_train(given: dict[str, Any], background: bool) -> Run:
    settings = {
        f.name: given[f.name] for f in dataclasses.fields(TrainingConfig) if f.name in given
    }
    if "resume" not in given:
        if "initial_model" in settings and "architecture" not in settings:
            settings["architecture"] = load_card(settings["initial_model"]).architecture
        return begin_run(TrainingConfig(**settings))
    if settings:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in settings)
        raise TrainingError(
            f"A run goes on with the settings that it began with. Leave out: {names}. Received: "
            f"--resume {given['resume']}"
        )
    run = find_run(given["resume"])
    if not background:  # whoever started the process has reopened it
        reopen_run(run)
    return run


def _print_as_json(event: TrainingEvent) -> None:
    print(event_to_json(event), flush=True)


class _ProgressBar:
    """Shows a training on the terminal: a bar for the running epoch, a line for each past one."""

    def __init__(self) -> None:
        from tqdm import tqdm

        self._new_bar = tqdm
        self._bar: tqdm[None] | None = None

    def __call__(self, event: TrainingEvent) -> None:
        match event:
            case Message(text=text):
                # A sentence tells a result; anything else, what is going on.
                print(text if text.endswith(".") else f"{text} …", flush=True)
            case BatchEnd():
                if self._bar is None:
                    title = f"epoch {event.epoch}/{event.epochs}"
                    self._bar = self._new_bar(
                        total=event.batches, desc=title, leave=False, disable=None
                    )
                self._bar.update(event.batch - self._bar.n)
                self._bar.set_postfix_str(f"loss {event.loss:.4f}, accuracy {event.accuracy:.2%}")
            case EpochEnd():
                if self._bar is not None:
                    self._bar.close()
                    self._bar = None
                print(
                    f"epoch {event.epoch}/{event.epochs}: loss {event.loss:.4f}, "
                    f"accuracy {event.accuracy:.2%}; held out: loss {event.val_loss:.4f}, "
                    f"accuracy {event.val_accuracy:.2%}; {event.seconds:.1f} s",
                    flush=True,
                )
            case Done(card=card):
                low, high = card.test_interval
                print(
                    f"{card.name}: {card.test_accuracy:.2%} of the MNIST test images "
                    f"({low:.2%} to {high:.2%}), {card.training_seconds:.0f} s; saved"
                )


def _evaluate(options: argparse.Namespace) -> int:
    import numpy as np
    from tqdm import tqdm

    from mnist_core.evaluation import evaluate_probabilities
    from mnist_core.labelled import mnist_test
    from mnist_core.labelled_files import load_labelled

    data = mnist_test() if options.data is None else load_labelled(options.data)
    with _native_messages_hidden():
        recognizer = load_recognizer(options.name)
    parts = np.array_split(data.images, min(_PARTS, len(data.images)))
    answers = [recognizer.classify(part) for part in tqdm(parts, disable=None, leave=False)]
    result = evaluate_probabilities(np.concatenate(answers), data.labels)
    if options.report:
        from mnist_core.assessment import Assessment
        from mnist_core.report import report_html

        item = Assessment(card=recognizer.card, data=data, evaluation=result)
        with tqdm(total=1, disable=None, leave=False, bar_format="{l_bar}{bar}| {elapsed}") as bar:
            page = report_html(
                [item],
                load=lambda card: recognizer,
                on_progress=lambda share: bar.update(share - bar.n),
            )
        _write(options.report, page)
    if options.csv:
        from mnist_core.predictions import predictions_csv

        _write(options.csv, predictions_csv(result))
    low, high = result.interval
    if options.json:
        print(
            json.dumps(
                {
                    "name": options.name,
                    "accuracy": result.accuracy,
                    "interval": result.interval,
                    "confusion": result.confusion.tolist(),
                    "precision": result.precision.tolist(),
                    "recall": result.recall.tolist(),
                    "f1": result.f1.tolist(),
                }
            )
        )
        return 0
    what = "MNIST test images" if options.data is None else f"images of {data.name}"
    print(f"{options.name}: {result.accuracy:.2%} of {len(result.labels):,} {what}")
    for note in data.notes:
        print(note)
    print(f"95 % interval: {low:.2%} to {high:.2%}")
    print("digit  precision  recall      F1  images")
    rows = zip(result.precision, result.recall, result.f1, result.confusion.sum(1), strict=True)
    for digit, (precision, recall, f1, images) in enumerate(rows):
        print(f"{digit:5}  {precision:9.2%} {recall:7.2%} {f1:7.2%} {images:7,}")
    return 0


def _write(path: str, text: str) -> None:
    """Write a file that was asked for.

    Raises:
        MnistError: it cannot be written.
    """
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise MnistError(
            f"The file cannot be written ({error.strerror}). Choose another place. Received: {path}"
        ) from error


def _robustness(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from mnist_core.corruptions import CORRUPTIONS
    from mnist_core.robustness import measure
    from mnist_core.sweeps import SWEEPS

    with _native_messages_hidden():
        recognizer = load_recognizer(options.name)
    with tqdm(total=1, disable=None, leave=False, bar_format="{l_bar}{bar}| {elapsed}") as bar:
        result = measure(recognizer, options.sample, lambda share: bar.update(share - bar.n))
    if options.json:
        print(
            json.dumps(
                {
                    "name": result.name,
                    "images": options.sample,
                    "accuracy": {row: shares.tolist() for row, shares in result.accuracy.items()},
                    "refused": {row: shares.tolist() for row, shares in result.refused.items()},
                    "mean": result.mean,
                    "as_in_the_paper": result.as_in_the_paper,
                }
            )
        )
        return 0
    print(f"{result.name}: {result.clean:.2%} of {options.sample:,} MNIST test images as they are")
    print("severity            1       2       3       4       5")
    for name, corruption in CORRUPTIONS.items():
        shares = " ".join(f"{share:7.2%}" for share in result.accuracy[name])
        print(f"{corruption.title:12} {shares}")
    print(f"mean {result.mean:.2%}; at MNIST-C's own severities {result.as_in_the_paper:.2%}")
    for name, sweep in SWEEPS.items():
        print(f"{name}: {sweep.axis}")
        print("  " + " ".join(f"{level:7g}" for level in sweep.levels))
        print("  " + " ".join(f"{share:7.1%}" for share in result.accuracy[name]))
    return 0


def _runs(options: argparse.Namespace) -> int:
    runs = list_runs()
    if options.json:
        print(json.dumps([_run_as_json(run) for run in runs]))
        return 0
    if not runs:
        print(f"No runs in {runs_directory()}", file=sys.stderr)
    for run in runs:
        told = _run_as_json(run)
        accuracy = told["test_accuracy"]
        end = f"{accuracy:.2%} of the MNIST test images" if accuracy else told["why"]
        print(f"{run.id}\t{told['state']}\t{told['architecture']}\t{end}".rstrip())
    return 0


def _run_as_json(run: Run) -> dict[str, Any]:
    outcome = run.outcome
    try:
        settings = dataclasses.asdict(run.config)
    except TrainingError:
        settings = {}  # damaged; the others are listed all the same
    return {
        "id": run.id,
        "state": run.state,
        "architecture": settings.get("architecture", "?"),
        "configuration": settings,
        "epochs_done": outcome.card.epochs if outcome and outcome.card else run.epochs_done,
        "test_accuracy": outcome.card.test_accuracy if outcome and outcome.card else None,
        "why": " ".join(outcome.text.split()) if outcome else "",
    }


def _models(options: argparse.Namespace) -> int:
    cards = list_models()
    if options.json:
        print(json.dumps([dataclasses.asdict(card) for card in cards]))
        return 0
    if not cards:
        print(f"No models in {models_directory()}", file=sys.stderr)
    for card in cards:
        low, high = card.test_interval
        print(
            f"{card.name}\t{card.test_accuracy:.2%} ({low:.2%} to {high:.2%})\t"
            f"{card.architecture}, {card.parameters:,} parameters, {card.epochs} epochs in "
            f"{card.training_seconds:.0f} s"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
