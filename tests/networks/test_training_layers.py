"""The training form has the weights of the saved network and trains branch by branch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
<<<<<<< HEAD

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
=======
from support.keras_networks import measure_training_forms
from support.processes import run_in_fresh_process
>>>>>>> ec1eba8 (Tests of networks: functions in fresh processes instead of programs in strings)


@pytest.fixture(scope="module")
def out() -> dict[str, Any]:
    return run_in_fresh_process(measure_training_forms)


@pytest.mark.parametrize(
    ("name", "normalizations", "branches", "outputs"),
    [
        ("mlp", 0, [], 10),
        ("cnn", 4, [], 10),
        ("champion", 12, ["windows_3x3", "windows_5x5", "windows_7x7"], 11),
    ],
)
def test_training_form_is_the_same_network(
    out: dict[str, Any], name: str, normalizations: int, branches: list[str], outputs: int
) -> None:
    network = out[name]
    assert network["difference"] < 1e-5
    assert network["same names"]
    assert network["normalizations"] == network["fused"] == normalizations
    assert network["branches"] == branches
    assert network["inference shape"] == (6, outputs)
    assert network["training shape"] == ((6, len(branches), outputs) if branches else (6, outputs))


def test_training_form_without_normalizations_is_the_network_itself(out: dict[str, Any]) -> None:
    assert out["mlp is unchanged"]


def test_branches_learn_from_their_own_loss_and_shared_layers_from_all(out: dict[str, Any]) -> None:
    assert np.array_equal(out["branch learns from loss"], np.eye(3, dtype=bool))
    assert min(out["shared gradients"]) > 0


def test_branches_are_averaged_in_loss_logits_and_accuracy(out: dict[str, Any]) -> None:
    assert out["loss"] == pytest.approx(np.mean(out["losses of branches"]), rel=1e-5)
    assert out["mean of branches"] == pytest.approx(0, abs=1e-5)
    accuracy, expected = out["accuracy"]
    assert accuracy == pytest.approx(expected)


def test_branchwise_dense_is_restored_from_its_config(out: dict[str, Any]) -> None:
    assert out["widths"] == (512, 512, 384)


def test_branches_of_an_ensemble_are_refused(out: dict[str, Any]) -> None:
    assert "Choose one of its members. Received: 'several'" in out["ensemble"]
