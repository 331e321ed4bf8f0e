"""How far up the ranking of labels that may be wrong the wrong ones are.

    python tests/benchmarks/label_issues.py

MNIST test has fifteen labels that people dispute (Northcutt, Athalye and Mueller, 2021). In the
validation images, which have none that are known, 1% of the labels are replaced by others.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from mnist_core.evaluation.datasets import mnist_test, mnist_validation  # noqa: E402
from mnist_core.evaluation.disputed_labels import DISPUTED_LABELS  # noqa: E402
from mnist_core.evaluation.label_issues import find_label_issues  # noqa: E402
from mnist_core.evaluation.metrics import evaluate_probabilities  # noqa: E402
from mnist_core.inference.recognizer import load_recognizer  # noqa: E402
from mnist_core.registry.artifacts import load_predictions  # noqa: E402
from mnist_core.registry.store import load_card  # noqa: E402

MODELS = ("champion", "cnn", "mlp")
SEEDS = range(100, 120)


def main() -> None:
    """Print a table in Markdown."""
    print("| | disputed labels among the first 100 | planted errors in the first 2%, lowest |")
    print("| --- | ---: | ---: |")
    for name in MODELS:
        shares = list(found_planted(name))
        print(
            f"| `{name}` | {found_disputed(name)} of 15 "
            f"| {np.mean(shares):.1%}, {min(shares):.1%} |"
        )
    print(f"| all three | {found_disputed(*MODELS)} of 15 | |")


def found_disputed(*names: str) -> int:
    """How many of the disputed labels are among the first hundred by these models together."""
    labels = mnist_test().labels
    evaluations = [
        evaluate_probabilities(load_predictions(load_card(name)), labels) for name in names
    ]
    ranking = find_label_issues(evaluations).ranking
    return int(np.isin(ranking[:100], list(DISPUTED_LABELS)).sum())


def found_planted(name: str) -> Iterator[float]:
    """The share of planted errors among the first 2%, for each seed."""
    data = mnist_validation([load_card(name)])
    probabilities = load_recognizer(name).classify(data.images)
    for seed in SEEDS:
        generator = np.random.default_rng(seed)
        labels = data.labels.copy()
        planted = generator.choice(len(labels), len(labels) // 100, replace=False)
        labels[planted] = (labels[planted] + generator.integers(1, 10, len(planted))) % 10
        issues = find_label_issues([evaluate_probabilities(probabilities, labels)])
        first = issues.ranking[: len(labels) // 50]
        yield float(np.isin(planted, first).mean())


if __name__ == "__main__":
    main()
