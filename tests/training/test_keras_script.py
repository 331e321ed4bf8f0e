"""The training as a Keras script: complete, the same network, the same accuracy."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.block_networks import EXAMPLES, run_scripts_until_training
from support.processes import run_with_tensorflow

from mnist_core import TrainingConfig, TrainingError
from mnist_core.data import MNIST_PATH
from mnist_core.networks.blocks.block import BLOCKS
from mnist_core.networks.blocks.presets import PRESETS
from mnist_core.training.config import OPTIMIZERS, SCHEDULES
from mnist_core.training.keras_script import keras_script


def script_of(**settings: Any) -> str:
    values = {"blocks": PRESETS[0].blocks, "name": "net"} | settings
    return keras_script(TrainingConfig(architecture=BLOCKS, **values).resolved())


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_script_is_valid_python_with_all_settings(optimizer: str, schedule: str) -> None:
    script = script_of(
        optimizer=optimizer, schedule=schedule, learning_rate=0.01, training_images=500, patience=3,
        target_accuracy=0.99, mixed_precision=True, seed=7, batch_size=32, epochs=9,
    )  # fmt: skip
    compile(script, "net.py", "exec")
    for part in ("(7)", "0.01", "[:500]", "patience=3", ">= 0.99", "=32", "=9", "mixed_bfloat16"):
        assert part in script
    imports = re.findall(r"^(?:import|from) (\w+)", script, re.MULTILINE)
    assert set(imports) == {"sys", "keras", "numpy"}
    assert len(script.splitlines()) < 80


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"augmentation": 0.5}, "augmentation"),
        ({"initial_model": "mine"}, "an initial model"),
        ({"include_corrections": True}, "corrections"),
        ({"strategy": "mirrored"}, "several devices"),
    ],
)
def test_script_is_refused_for_what_keras_alone_cannot_do(
    settings: dict[str, Any], reason: str
) -> None:
    with pytest.raises(TrainingError, match=f"Received: {reason}"):
        script_of(**settings)
    with pytest.raises(TrainingError, match="a named network"):
        keras_script(TrainingConfig(architecture="mlp").resolved())


def test_script_builds_the_network_of_the_training() -> None:
    networks = [(EXAMPLES[0], None), (EXAMPLES[0], 0.1), (PRESETS[0].blocks, None)]
    scripts = [script_of(blocks=blocks, dropout=dropout) for blocks, dropout in networks]
    for built in run_with_tensorflow(run_scripts_until_training, scripts, networks):
        assert built["script"] == built["training"]
        assert built["weights"] == built["weights of the training"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 4])
def test_script_reaches_the_accuracy_of_the_training(number: int, tmp_path: Path) -> None:
    from mnist_core import train

    preset = PRESETS[number]
    config = TrainingConfig(
        architecture=BLOCKS, blocks=preset.blocks, name="net", **preset.settings
    )
    (tmp_path / "net.py").write_text(keras_script(config.resolved()), encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "net.py", str(MNIST_PATH)],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    (percent,) = re.findall(r"MNIST test accuracy: ([\d.]+)%", result.stdout)
    card = run_with_tensorflow(train, config, directory=tmp_path / "models")
    # The order of the images differs: half a percent, or one and a half of 500 images.
    tolerance = 0.015 if config.training_images else 0.005
    assert float(percent) / 100 == pytest.approx(card.test_accuracy, abs=tolerance)
    assert (tmp_path / "net.keras").is_file()
