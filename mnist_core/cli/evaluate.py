"""`python -m mnist_core evaluate`, `robustness` and `models`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from typing import TYPE_CHECKING

from mnist_core.cli.terminal import native_messages_hidden, write
from mnist_core.inference.recognizer import load_recognizer
from mnist_core.registry.store import list_models
from mnist_core.storage.paths import models_directory

if TYPE_CHECKING:
    from mnist_core.cli.terminal import Commands

__all__ = ["add_to"]

# An evaluation shows its progress in so many steps.
_PARTS = 20


def add_to(commands: Commands) -> None:
    """Add the commands."""
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


def _evaluate(options: argparse.Namespace) -> int:
    import numpy as np
    from tqdm import tqdm

    from mnist_core.evaluation.dataset_files import load_labelled
    from mnist_core.evaluation.datasets import mnist_test
    from mnist_core.evaluation.metrics import evaluate_probabilities

    data = mnist_test() if options.data is None else load_labelled(options.data)
    with native_messages_hidden():
        recognizer = load_recognizer(options.name)
    parts = np.array_split(data.images, min(_PARTS, len(data.images)))
    answers = [recognizer.classify(part) for part in tqdm(parts, disable=None, leave=False)]
    result = evaluate_probabilities(np.concatenate(answers), data.labels)
    if options.report:
        from mnist_core.evaluation.assessment import Assessment
        from mnist_core.report import report_html

        item = Assessment(card=recognizer.card, data=data, evaluation=result)
        with tqdm(total=1, disable=None, leave=False, bar_format="{l_bar}{bar}| {elapsed}") as bar:
            page = report_html(
                [item],
                load=lambda card: recognizer,
                on_progress=lambda share: bar.update(share - bar.n),
            )
        write(options.report, page)
    if options.csv:
        from mnist_core.evaluation.export import predictions_csv

        write(options.csv, predictions_csv(result))
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


def _robustness(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from mnist_core.robustness.corruptions import CORRUPTIONS
    from mnist_core.robustness.distortions import SWEEPS
    from mnist_core.robustness.measurement import measure

    with native_messages_hidden():
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
                    "refused": {row: shares.tolist() for row, shares in result.rejected.items()},
                    "mean": result.mean,
                    "as_in_the_paper": result.mnist_c_accuracy,
                }
            )
        )
        return 0
    print(f"{result.name}: {result.clean:.2%} of {options.sample:,} MNIST test images as they are")
    print("severity            1       2       3       4       5")
    for name, corruption in CORRUPTIONS.items():
        shares = " ".join(f"{share:7.2%}" for share in result.accuracy[name])
        print(f"{corruption.title:12} {shares}")
    print(f"mean {result.mean:.2%}; at MNIST-C's own severities {result.mnist_c_accuracy:.2%}")
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
