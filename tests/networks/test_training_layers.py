"""A network in the form that is trained is the one that is saved, and learns branch by branch."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

# In a process of its own: TensorFlow is large, and nothing else needs it here.
CODE = """
import json
import keras, numpy as np, tensorflow as tf
from mnist_core.networks.architectures import ARCHITECTURES, get_architecture
from mnist_core.networks.training_layers import BranchwiseDense
from mnist_core.networks.structure import branches_of, single_layers
from mnist_core.errors import MnistError
from mnist_core.training.losses import DigitAccuracy, digit_loss, mean_logits
from mnist_core.networks.training_layers import FusedBatchNormalization
from mnist_core.networks.training_layers import training_form

out = {}
random = np.random.default_rng(4)
images = random.uniform(0, 255, (6, 28, 28)).astype(np.float32)
labels = np.array([3, 1, 10, 7, 0, 10])
for name in ARCHITECTURES:
    saved = get_architecture(name).build(0)
    trained = training_form(saved)
    for weight in saved.weights:
        weight.assign(weight + 0.05 * random.standard_normal(weight.shape) ** 2)
    trained.set_weights(saved.get_weights())
    said = np.asarray(saved(images))
    normal = [layer for layer in single_layers(trained)
              if isinstance(layer, keras.layers.BatchNormalization)]
    out[name] = {
        "apart": float(np.abs(said - trained(images)).max() / np.abs(said).max()),
        "alike": [a.path.split("/")[-1] for a in saved.weights]
            == [b.path.split("/")[-1] for b in trained.weights],
        "normalizations": [len(normal), sum(type(n) is FusedBatchNormalization for n in normal)],
        "branches": [branch.name for branch in branches_of(saved)],
        "training": list(trained(images, training=True).shape),
        "answer": list(trained(images, training=False).shape),
    }

# Branches learn from their own losses. Frozen normalizations: the same numbers every time.
trained.trainable = True
for layer in single_layers(trained):
    if isinstance(layer, keras.layers.BatchNormalization):
        layer.trainable = False
branches = branches_of(saved)
with tf.GradientTape(persistent=True) as tape:
    each = trained(images, training=True)
    whole = tf.reduce_mean(digit_loss(labels, each))
    alone = [tf.reduce_mean(digit_loss(labels, each[:, number])) for number in range(len(branches))]
said = np.asarray(trained(images))
out["mean"] = float(np.abs(mean_logits(each) - said).max() / np.abs(said).max())
out["loss"] = [float(whole), float(np.mean(alone))]
kernels = [trained.get_layer(branch.name).layers[0].kernel.value for branch in branches]
shared = trained.layers[1].layers[2].kernel.value
touched = [[tape.gradient(loss, kernel) for kernel in kernels] for loss in alone]
out["touched"] = [[bool(g is not None and np.abs(g).max() > 0) for g in row] for row in touched]
out["shared"] = [float(np.abs(tape.gradient(loss, shared)).max()) for loss in alone]
accuracy = DigitAccuracy()
accuracy.update_state(labels, each)
right = np.asarray(mean_logits(each))[:, :10].argmax(axis=1) == labels
out["accuracy"] = [float(accuracy.result()), float(right[labels < 10].mean())]

# Its own settings survive being written down.
layer = trained.layers[-1]
out["settings"] = isinstance(layer, BranchwiseDense) and list(
    BranchwiseDense.from_config(layer.get_config()).widths)

image = keras.Input((28, 28))
two = [keras.Model(image, keras.layers.Flatten()(image)) for _ in range(2)]
joined = keras.layers.Concatenate()([model(image) for model in two])
try:
    branches_of(keras.Model(image, keras.layers.Dense(11)(joined), name="several"))
except MnistError as error:
    out["several"] = str(error)
mlp = get_architecture("mlp").build()
out["left"] = training_form(mlp) is mlp
print(json.dumps(out))
"""


@pytest.fixture(scope="module")
def out() -> dict[str, object]:
    run = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    result: dict[str, object] = json.loads(run.stdout.splitlines()[-1])
    return result


@pytest.mark.parametrize(
    ("name", "normalizations", "branches", "outputs"),
    [
        ("mlp", 0, [], 10),
        ("cnn", 4, [], 10),
        ("champion", 12, ["windows_3x3", "windows_5x5", "windows_7x7"], 11),
    ],
)
def test_it_is_the_same_network(
    out: dict[str, dict[str, object]],
    name: str,
    normalizations: int,
    branches: list[str],
    outputs: int,
) -> None:
    told = out[name]
    assert told["apart"] < 1e-5  # type: ignore[operator]
    assert told["alike"]
    assert told["normalizations"] == [normalizations, normalizations]
    assert told["branches"] == branches
    assert told["answer"] == [6, outputs]
    assert told["training"] == ([6, len(branches), outputs] if branches else [6, outputs])


def test_each_branch_answers_for_itself_and_all_teach_what_they_share(
    out: dict[str, list[list[bool]]],
) -> None:
    assert out["touched"] == [[row == column for column in range(3)] for row in range(3)]
    assert min(out["shared"]) > 0  # type: ignore[type-var,operator]


def test_the_loss_is_the_mean_of_theirs_and_the_answer_that_of_their_logits(
    out: dict[str, list[float]],
) -> None:
    whole, mean = out["loss"]
    assert whole == pytest.approx(mean, rel=1e-5)
    assert out["mean"] == pytest.approx(0, abs=1e-5)
    assert out["accuracy"][0] == pytest.approx(out["accuracy"][1])


def test_a_last_layer_keeps_its_settings(out: dict[str, object]) -> None:
    assert out["settings"] == [512, 512, 384]


def test_networks_beside_each_other_are_no_branches(out: dict[str, str]) -> None:
    assert "Choose one of its members. Received: 'several'" in out["several"]


def test_a_network_without_normalizations_is_trained_as_it_is(out: dict[str, object]) -> None:
    assert out["left"] is True
