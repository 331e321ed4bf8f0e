"""The commands `evaluate`, `robustness` and `models`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from typing import Any

from tqdm import tqdm

from mnist_core.cli.terminal import (
    Commands,
    native_messages_hidden,
    print_error,
    progress_bar,
    write,
)
from mnist_core.inference.recognizer import Recognizer, load_recognizer
from mnist_core.networks.blocks.network import name_network
from mnist_core.registry.store import damaged_models, list_models
from mnist_core.storage.paths import models_directory

__all__ = ["add_to"]

# The number of steps of the progress bar.
_PARTS = 20


def add_to(commands: Commands) -> None:
    """Add the commands."""
    evaluate = commands.add_parser("evaluate", help="evaluate a model on labeled images")
    evaluate.add_argument("name", help="name listed by 'models'")
    evaluate.add_argument(
        "--data",
        metavar="FILE",
        help="NPZ file of images and labels, or ZIP file of folders 0 to 9; default: MNIST test "
        "images",
    )
    evaluate.add_argument("--report", metavar="FILE", help="write a full report as an HTML page")
    evaluate.add_argument("--csv", metavar="FILE", help="write the predictions, one line per image")
    evaluate.add_argument("--json", action="store_true", help="print a JSON object")
    evaluate.set_defaults(run=_evaluate)

    robustness = commands.add_parser(
        "robustness", help="evaluate a model on corrupted and distorted test images"
    )
    robustness.add_argument("name", help="name listed by 'models'")
    robustness.add_argument(
        "--sample",
        type=int,
        default=1000,
        help="number of the 10,000 test images to use; default: %(default)s",
    )
    robustness.add_argument("--json", action="store_true", help="print a JSON object")
    robustness.set_defaults(run=_robustness)

    models = commands.add_parser("models", help="list the models, the default one first")
    models.add_argument("--json", action="store_true", help="print a JSON list")
    models.set_defaults(run=_models)


def _evaluate(options: argparse.Namespace) -> int:
    import numpy as np

    from mnist_core.evaluation.dataset_files import load_labelled
    from mnist_core.evaluation.datasets import mnist_test
    from mnist_core.evaluation.disputed_labels import disputed_labels, evaluate_corrected
    from mnist_core.evaluation.metrics import evaluate_probabilities

    data = mnist_test() if options.data is None else load_labelled(options.data)
    recognizer = _load(options.name)
    parts = np.array_split(data.images, min(_PARTS, len(data.images)))
    answers = [recognizer.classify(part) for part in tqdm(parts, disable=None, leave=False)]
    result = evaluate_probabilities(np.concatenate(answers), data.labels)
    corrected = evaluate_corrected(result) if disputed_labels(data) else None
    if options.report:
        from mnist_core.evaluation.assessment import Assessment
        from mnist_core.report import report_html

        item = Assessment(card=recognizer.card, data=data, evaluation=result)
        with progress_bar() as show:
            page = report_html([item], load=lambda card: recognizer, on_progress=show)
        write(options.report, page)
    if options.csv:
        from mnist_core.evaluation.export import predictions_csv

        write(options.csv, predictions_csv(result))
    if options.json:
        values: dict[str, Any] = {"name": options.name, "accuracy": result.accuracy}
        values |= {"interval": result.interval, "confusion": result.confusion.tolist()}
        for name in ("precision", "recall", "f1"):
            values[name] = getattr(result, name).tolist()
        if corrected:
            values["corrected_labels"] = {
                "accuracy": corrected.accuracy,
                "images": len(corrected.labels),
            }
        print(json.dumps(values))
        return 0
    images = "MNIST test images" if options.data is None else f"images of {data.name}"
    print(f"{options.name}: {result.accuracy:.2%} accuracy on {len(result.labels):,} {images}")
    for note in data.notes:
        print(note)
    low, high = result.interval
    print(f"95% interval: {low:.2%} to {high:.2%}")
    if corrected:
        print(
            f"{corrected.accuracy:.2%} of {len(corrected.labels):,} with corrected labels; "
            f"{len(disputed_labels(data))} are disputed (Northcutt et al., 2021)"
        )
    print("digit  precision  recall      F1  images")
    rows = zip(result.precision, result.recall, result.f1, result.confusion.sum(1), strict=True)
    for digit, (precision, recall, f1, count) in enumerate(rows):
        print(f"{digit:5}  {precision:9.2%} {recall:7.2%} {f1:7.2%} {count:7,}")
    return 0


def _robustness(options: argparse.Namespace) -> int:
    from mnist_core.robustness.corruptions import CORRUPTIONS
    from mnist_core.robustness.distortions import SWEEPS
    from mnist_core.robustness.measurement import measure

    recognizer = _load(options.name)
    with progress_bar() as show:
        result = measure(recognizer, options.sample, show)
    if options.json:
        tables = {"accuracy": result.accuracy, "refused": result.rejected}
        values: dict[str, Any] = {"name": result.name, "images": options.sample}
        for name, table in tables.items():
            values[name] = {row: shares.tolist() for row, shares in table.items()}
        values |= {"mean": result.mean, "as_in_the_paper": result.mnist_c_accuracy}
        print(json.dumps(values))
        return 0
    print(f"{result.name}: {result.clean:.2%} accuracy on {options.sample:,} clean test images")
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


def _load(name: str) -> Recognizer:
    with native_messages_hidden():
        return load_recognizer(name)


def _models(options: argparse.Namespace) -> int:
    cards = list_models()
    for error in damaged_models():
        print_error(error)
    if options.json:
        print(json.dumps([dataclasses.asdict(card) for card in cards]))
        return 0
    if not cards:
        print(f"No models in {models_directory()}", file=sys.stderr)
    for card in cards:
        low, high = card.test_interval
        network = name_network(card.architecture, card.configuration.get("blocks"))
        print(
            f"{card.name}\t{card.test_accuracy:.2%} ({low:.2%} to {high:.2%})\t"
            f"{network}, {card.parameters:,} parameters, {card.epochs} epochs in "
            f"{card.training_seconds:.0f} s"
        )
    return 0
