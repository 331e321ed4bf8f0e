"""The presets of Build your own: each trained as the Train page trains it.

    python tests/benchmarks/presets.py

Accuracy on the training images, as of the last epoch, on the validation images and on MNIST test.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from mnist_core import TrainingConfig, train  # noqa: E402
from mnist_core.networks.blocks.block import BLOCKS  # noqa: E402
from mnist_core.networks.blocks.plan import plan_blocks  # noqa: E402
from mnist_core.networks.blocks.presets import PRESETS  # noqa: E402
from mnist_core.training.events import EpochEnd, TrainingEvent  # noqa: E402


def main() -> None:
    """Print a row for each preset."""
    print("| preset | parameters | multiplications | training | validation | MNIST test | time |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MNIST_RUNS"] = f"{folder}/runs"
        for number, preset in enumerate(PRESETS):
            plan = plan_blocks(preset.blocks)
            network = {"architecture": BLOCKS, "blocks": preset.blocks}
            config = TrainingConfig(**network, name=f"preset-{number}", **preset.settings)
            events: list[TrainingEvent] = []
            card = train(config, events.append, Path(folder) / "models")
            last = [event for event in events if isinstance(event, EpochEnd)][-1]
            print(
                f"| {preset.title} | {plan.parameters:,} | {plan.multiplications:,} "
                f"| {last.accuracy:.1%} | {card.validation_accuracy:.1%} "
                f"| {card.test_accuracy:.1%} | {card.training_seconds:.0f} s |",
                flush=True,
            )


if __name__ == "__main__":
    main()
