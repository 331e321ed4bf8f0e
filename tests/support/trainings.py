"""Small trainings, for fresh processes (see `processes`). TensorFlow is imported inside."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mnist_core import TrainingConfig, load_mnist
from mnist_core.__main__ import main
from mnist_core.data import LabelledArrays
from mnist_core.training.checkpoints import Checkpoints
from mnist_core.training.events import EpochEnd, Hooks, Message, TrainingEvent
from mnist_core.training.inputs import TrainingData


@dataclass(frozen=True, eq=False)
class Fit:
    """The result of `fit_few`: its messages, with "epoch 1" and so on among them, and the rest."""

    log: list[str]
    curves: dict[str, list[float]]
    weights: np.ndarray

    @property
    def epochs(self) -> list[str]:
        return [line for line in self.log if line.startswith("epoch ")]


def fit_few(
    folder: Path,
    settings: Mapping[str, Any],
    *,
    images: int = 256,
    replicas: int = 0,
    kill_after: int = 0,
    stop_after: int | None = None,
) -> Fit:
    """Train on a few images, with a few synthetic ones; everything else as in a real training.

    Args:
        folder: of the checkpoints.
        settings: of the training.
        images: number of training images.
        replicas: parts of the processor that train together; 0: one device, without a strategy.
        kill_after: epoch after which the process is killed; 0: never.
        stop_after: number of epochs after which the training is stopped; None: never.
    """
    import tensorflow as tf

    (processor,) = tf.config.list_physical_devices("CPU")
    part = tf.config.LogicalDeviceConfiguration()
    tf.config.set_logical_device_configuration(processor, [part] * max(1, replicas))
    import keras

    from mnist_core.distributed.trainer import DistributedTrainer
    from mnist_core.training.fitting import fit

    strategy = "mirrored" if replicas else "default"
    complete = TrainingConfig(**settings, strategy=strategy).resolved()
    log: list[str] = []

    def on_event(event: TrainingEvent) -> None:
        if isinstance(event, Message):
            log.append(event.text)
        if isinstance(event, EpochEnd):
            log.append(f"epoch {event.epoch}")
            if event.epoch == kill_after:
                os.kill(os.getpid(), signal.SIGKILL)

    trainer = DistributedTrainer(complete, on_event) if replicas else None
    keras.utils.set_random_seed(complete.seed)
    tf.config.experimental.enable_op_determinism()
    mnist = load_mnist().training
    data = TrainingData(
        training=mnist.select(slice(images)),
        validation=mnist.select(slice(-50, None)),
        synthetic_size=0.001,
    )
    hooks = Hooks(
        on_event=on_event,
        stopping=lambda: stop_after == 0 or f"epoch {stop_after}" in log,
        checkpoints=Checkpoints(folder, settings),
    )
    model, curves = (trainer.fit if trainer else fit)(complete, data, hooks)
    weights = np.concatenate([np.ravel(weight) for weight in model.get_weights()])
    return Fit(log, curves, weights)


@dataclass(frozen=True, eq=False)
class Mixture:
    """Three batches of `fine_tuning_batches`, and the third one made again."""

    images: np.ndarray
    targets: np.ndarray
    again: tuple[np.ndarray, np.ndarray]


def mix_corrections(width: int, corrections: int) -> Mixture:
    """Batches of 64 for a teacher of `width` outputs, with 1 or more equal corrections."""
    from mnist_core.augmentation.transforms import Source
    from mnist_core.training.fine_tuning import fine_tuning_batches

    left, right = _left_and_right()
    sources = [Source(np.concatenate([left, right]), np.array([4, 3], np.uint8), 1.0)]
    label = 7
    if width == 11:
        sources.append(Source(right, np.array([10], np.uint8), 0.25))
        label = 10
    frames = np.repeat(right, corrections, 0)
    known = LabelledArrays(frames, np.full(corrections, label, np.uint8))
    teacher = _teacher(width)
    data = fine_tuning_batches(teacher, sources, known, 64, range(3), 5)
    images, targets = (np.array(part) for part in zip(*data.as_numpy_iterator(), strict=True))
    other = fine_tuning_batches(teacher, sources, known, 64, range(2, 3), 5)
    return Mixture(images, targets, next(iter(other.as_numpy_iterator())))


def distill(width: int) -> tuple[float, float, float]:
    """The losses of the teacher's own answer and of a wrong one; the accuracy on both."""
    import tensorflow as tf

    from mnist_core.training.losses import DistillationAccuracy, distillation_loss

    logits = _teacher(width)(_left_and_right()[1])
    answer = np.concatenate([tf.nn.softmax(logits[:, :10]), tf.sigmoid(logits[:, 10:])], 1)
    wrong = np.concatenate([np.roll(answer[:, :10], 3, 1), answer[:, 10:]], 1)
    uniform = np.full((1, width), 0.1, np.float32)
    accuracy = DistillationAccuracy()
    accuracy.update_state(
        tf.constant(np.concatenate([answer, wrong, uniform])), tf.repeat(logits, 3, 0)
    )
    losses = [float(distillation_loss(tf.constant(t), logits)[0]) for t in (answer, wrong)]
    return losses[0], losses[1], float(accuracy.result())


def _left_and_right() -> tuple[np.ndarray, np.ndarray]:
    """A frame with ink on the left, and one with ink on the right."""
    left, right = np.zeros((2, 1, 28, 28), np.uint8)
    left[:, :, 4:10], right[:, :, 20:24] = 255, 255
    return left, right


def _teacher(width: int) -> Any:
    """A network that is certain of 4 for ink on the left, else undecided between 2 and 3."""
    import keras

    dense = keras.layers.Dense(width)
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), dense])
    kernel = np.zeros((28, 28, width), np.float32)
    kernel[:, :14, 4] = 0.01
    bias = np.zeros(width, np.float32)
    bias[2:4] = 3
    bias[10:] = 5
    dense.set_weights([kernel.reshape(784, width), bias])
    return model


def make_ensembles(
    members: Mapping[str, tuple[str, ...]], models: Path, errors: Path
) -> dict[str, tuple[int, str]]:
    """Run the command `ensemble` for each: exit codes and output; `errors` gets all of stderr."""
    os.environ["MNIST_MODELS"] = str(models)
    os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT), 2)  # TensorFlow's own messages as well
    results = {}
    for name, parts in members.items():
        with contextlib.redirect_stdout(io.StringIO()) as output:
            code = main(["ensemble", *parts, "--name", name])
        results[name] = code, output.getvalue()
    return results


def use_network_of_blocks(config: TrainingConfig) -> None:
    """Train a network on all devices and on one, fine-tune it and combine both."""
    from mnist_core import train
    from mnist_core.training.ensemble import make_ensemble
    from mnist_core.training.export import export_again

    # First: TensorFlow must not have computed anything.
    train(dataclasses.replace(config, name="devices", strategy="mirrored", augmentation=0.1))
    train(config)
    tuned = dataclasses.replace(
        config, name="tuned", initial_model="first", include_corrections=True, epochs=1
    )
    train(tuned)
    export_again("tuned", quantize=False)
    make_ensemble(["first", "tuned"], "duo")
