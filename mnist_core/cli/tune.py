"""The command `tune`."""

from __future__ import annotations

import argparse

from mnist_core.cli.terminal import Commands, install_signal_handlers, printed_events
from mnist_core.cli.train import add_settings, config_from
from mnist_core.errors import TrainingError
from mnist_core.tuning.config import ALGORITHMS, SEARCHABLE, TuningConfig

__all__ = ["add_to"]


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "tune",
        help="search for better training settings, and save the best model",
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument("--trials", type=int, help="maximum number of trainings; default: 20")
    parser.add_argument(
        "--search",
        nargs="+",
        type=lambda name: "optimizer" if name == "optimiser" else name,
        choices=tuple(SEARCHABLE),
        help="settings to search; default: those of learning_rate, batch_size and dropout that "
        "are not given",
    )
    parser.add_argument(
        "--algorithm", choices=tuple(ALGORITHMS), help="search algorithm; default: bayesian"
    )
    parser.add_argument(
        "--database",
        metavar="URL",
        help="of PostgreSQL, for trials on several machines; default: $MNIST_SEARCHES, or a file "
        "beside the runs",
    )
    add_settings(parser, "settings", "of all trials; the defaults depend on the architecture")
    parser.add_argument("--json", action="store_true", help="print one JSON object per event")
    parser.set_defaults(run=_tune)


def _tune(options: argparse.Namespace) -> int:
    given = vars(options)
    default = tuple(name for name in TuningConfig.search if name not in given)
    search = tuple(given.get("search", default))
    if both := [name for name in search if name in given]:
        raise TrainingError(
            "A setting is either searched or given. Leave it out of one of the two. Received: "
            + ", ".join(f"--{name.replace('_', '-')} {given[name]}" for name in both)
        )
    more = {name: given[name] for name in ("trials", "algorithm") if name in given}
    config = TuningConfig(base=config_from(given).resolved(), search=search, **more)
    from mnist_core.tuning.search import tune  # imports Optuna

    install_signal_handlers()
    with printed_events(as_json=given.get("json", False)) as on_event:
        tune(config, on_event, database=given.get("database"))
    return 0
