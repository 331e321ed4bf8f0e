"""What pruning saves in a search, and whether its result suffers.

    python tests/benchmarks/pruning.py
    python tests/benchmarks/pruning.py --seeds 1 --trials 12 --epochs 4

For each seed, the same search twice: with the pruner, and without. Each runs in a process of its
own. The values of later trials follow from earlier ones, so the two searches are alike, not the
same; with `--algorithm random` they are the same.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from mnist_core import TrainingConfig  # noqa: E402
from mnist_core.runs.progress import follow  # noqa: E402
from mnist_core.runs.store import list_runs  # noqa: E402
from mnist_core.tuning.config import ALGORITHMS, TuningConfig  # noqa: E402

NAME = "search"


def main() -> None:
    """Print a row for each search."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architecture", default="mlp")
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--training-images", type=int, default=10_000)
    parser.add_argument("--algorithm", choices=tuple(ALGORITHMS), default="bayesian")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--search", action="store_true", help="one search, in this process")
    parser.add_argument("--unpruned", action="store_true")
    options = parser.parse_args()
    if options.search:
        search(options)
        return
    print("| seed | pruning | trials pruned | epochs | best validation | its MNIST test |")
    print("| ---: | --- | ---: | ---: | ---: | ---: |")
    for seed in options.seeds:
        for more in ((), ("--unpruned",)):
            values = search_in_process(options, seed, more)
            print(
                f"| {seed} | {'no' if more else 'yes'} | {values['pruned']} of {options.trials} "
                f"| {values['epochs']} | {values['validation']:.2%} | {values['test']:.2%} |",
                flush=True,
            )


def search_in_process(
    options: argparse.Namespace, seed: int, more: tuple[str, ...]
) -> dict[str, float]:
    """Search in folders of its own; returns what `search` has found."""
    with tempfile.TemporaryDirectory() as folder:
        places = {f"MNIST_{name}": f"{folder}/{name.lower()}" for name in ("RUNS", "MODELS")}
        command = [sys.executable, __file__, "--search", f"--seeds={seed}", *more]
        command += [
            f"--{name}={getattr(options, name)}"
            for name in ("architecture", "trials", "epochs", "algorithm")
        ]
        command.append(f"--training-images={options.training_images}")
        environment = os.environ | places
        environment.pop("MNIST_SEARCHES", None)
        output = subprocess.run(
            command, env=environment, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ).stdout
        found: dict[str, float] = json.loads(output.splitlines()[-1])
        return found


def search(options: argparse.Namespace) -> None:
    """Search, and print the number of pruned trials and of epochs, and the accuracies."""
    import optuna

    from mnist_core.tuning import search as searches

    if options.unpruned:
        optuna.pruners.MedianPruner = lambda **_: optuna.pruners.NopPruner()
    base = TrainingConfig(
        architecture=options.architecture,
        name=NAME,
        seed=options.seeds[0],
        epochs=options.epochs,
        training_images=options.training_images,
    )
    config = TuningConfig(base=base.resolved(), trials=options.trials, algorithm=options.algorithm)
    card = searches.tune(config)
    assert card
    trials = [run for run in list_runs() if run.config.name != NAME]
    outcomes = [run.outcome for run in trials]
    print()
    print(
        json.dumps(
            {
                "epochs": sum(len(follow(run.events()).validation) for run in trials),
                "pruned": sum(one is not None and one.state != "done" for one in outcomes),
                "validation": max(one.validation_accuracy or 0.0 for one in outcomes if one),
                "test": card.test_accuracy,
            }
        )
    )


if __name__ == "__main__":
    main()
