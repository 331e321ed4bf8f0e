"""Command line: `python -m mnist_core read | train | evaluate | robustness | models`."""

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

from mnist_core.architectures import ARCHITECTURES
from mnist_core.errors import MnistError
from mnist_core.events import BatchEnd, Done, EpochEnd, Message, TrainingEvent, event_to_json
from mnist_core.images import load_image
from mnist_core.inference import Digit, load_recognizer
from mnist_core.registry import list_models, load_card, models_directory
from mnist_core.training import TrainingConfig

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

    train = commands.add_parser("train", help="train a model and save it")
    train.add_argument(
        "--architecture", choices=tuple(ARCHITECTURES), help="default: cnn, or the initial model's"
    )
    train.add_argument("--name", help="the model's name; default: the architecture's")
    train.add_argument("--epochs", type=int, help="at most so many; default: what suits it")
    train.add_argument("--batch-size", type=int, help="images per step")
    train.add_argument("--learning-rate", type=float)
    train.add_argument(
        "--initial-model", metavar="NAME", help="a model to fine-tune, with the corrections"
    )
    train.add_argument(
        "--include-corrections", action="store_true", help="learn from what was corrected, too"
    )
    train.add_argument("--seed", type=int, default=TrainingConfig.seed)
    train.add_argument("--overwrite", action="store_true", help="replace a model of that name")
    train.add_argument("--json", action="store_true", help="one JSON object an event")
    train.set_defaults(run=_train)

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
    from mnist_core.training import train

    architecture = options.architecture or TrainingConfig.architecture
    if options.initial_model and not options.architecture:
        architecture = load_card(options.initial_model).architecture
    config = TrainingConfig(
        architecture=architecture,
        name=options.name,
        epochs=options.epochs,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        initial_model=options.initial_model,
        include_corrections=options.include_corrections,
        seed=options.seed,
        overwrite=options.overwrite,
    )
    # Whoever started the run may end it; it leaves nothing half done, as on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if options.json:
        # Whoever reads events keeps the rest as a log.
        train(config, _print_as_json)
    else:
        with _native_messages_hidden():
            train(config, _ProgressBar())
    return 0


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
        _write(options.report, report_html([item]))
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
