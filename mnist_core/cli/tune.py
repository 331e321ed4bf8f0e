"""`python -m mnist_core tune`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from mnist_core.cli.terminal import ProgressBar, native_messages_hidden
from mnist_core.cli.train import add_settings, config_from, install_signal_handlers, print_as_json
from mnist_core.errors import TrainingError
from mnist_core.tuning.config import ALGORITHMS, SEARCHABLE, TuningConfig

if TYPE_CHECKING:
    from mnist_core.cli.terminal import Commands

__all__ = ["add_to"]


def add_to(commands: Commands) -> None:
    """Add the command."""
    tune = commands.add_parser(
        "tune",
        help="search for settings that train better, and save the best as a model",
        argument_default=argparse.SUPPRESS,
    )
    tune.add_argument("--trials", type=int, help="at most so many trainings; default: 20")
    tune.add_argument(
        "--search",
        nargs="+",
        type=lambda name: "optimizer" if name == "optimiser" else name,
        choices=tuple(SEARCHABLE),
        help="which settings; default: learning_rate, batch_size and dropout, unless given",
    )
    tune.add_argument("--algorithm", choices=tuple(ALGORITHMS), help="default: bayesian")
    add_settings(tune, "settings", "of all trials; left out: what suits the architecture")
    tune.add_argument("--json", action="store_true", help="one JSON object an event")
    tune.set_defaults(run=_tune)


def _tune(options: argparse.Namespace) -> int:
    given = vars(options)
    usual = tuple(name for name in TuningConfig.search if name not in given)
    search = tuple(given.get("search", usual))
    if both := [name for name in search if name in given]:
        raise TrainingError(
            "A setting is searched, or given: not both. Leave it out of one of the two. Received: "
            + ", ".join(f"--{name.replace('_', '-')} {given[name]}" for name in both)
        )
    more = {name: given[name] for name in ("trials", "algorithm") if name in given}
    config = TuningConfig(base=config_from(given).resolved(), search=search, **more)
    from mnist_core.tuning.search import tune

    install_signal_handlers()
    if given.get("json"):
        tune(config, print_as_json)
    else:
        with native_messages_hidden():
            tune(config, ProgressBar())
    return 0
