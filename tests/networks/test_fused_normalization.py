"""The fused batch normalization computes what Keras's does."""

from __future__ import annotations

from typing import Any

import pytest
<<<<<<< HEAD

CODE = """
import json
import keras, numpy as np, tensorflow as tf
from mnist_core.networks.architectures import get_architecture
from mnist_core.training.fitting import build_compiled_model
from mnist_core.training.config import TrainingConfig
from mnist_core.networks.training_layers import FusedBatchNormalization
from mnist_core.networks.training_layers import training_form

out = {}
random = np.random.default_rng(4)
keras.utils.set_random_seed(4)
plain = get_architecture("cnn").build(0)
fused = training_form(plain)
own = [layer for layer in fused.layers if isinstance(layer, FusedBatchNormalization)]
out["fused"] = len(own)
fused.set_weights(plain.get_weights())
images = random.uniform(0, 255, (5, 28, 28)).astype(np.float32)
labels = random.integers(0, 10, 5)
results = []
for model in (plain, fused):
    with tf.GradientTape() as tape:
        logits = model(images, training=True)
        loss = tf.reduce_mean(
            keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True))
    gradients = tape.gradient(loss, [v.value for v in model.trainable_variables])
    results.append([logits, *gradients, *model.get_weights(), model(images, training=False)])
out["apart"] = max(
    float(np.abs(np.asarray(a) - np.asarray(b)).max() / (1e-3 + np.abs(np.asarray(a)).max()))
    for a, b in zip(*results, strict=True))

# Frozen, it normalizes by what it remembers, and remembers nothing new.
fused.trainable = False
before = [w.copy() for w in fused.get_weights()]
again = fused(images, training=True)
out["frozen"] = [
    float(np.abs(again - results[1][-1]).max()),
    max(float(np.abs(a - b).max()) for a, b in zip(before, fused.get_weights()))]

out["alike"] = [a.name == b.name for a, b in zip(plain.layers, fused.layers, strict=True)]
settings = TrainingConfig(architecture="cnn", mixed_precision=True).resolved()
mixed = build_compiled_model(settings, 1)
out["types"] = {
    layer.name: layer.compute_dtype
    for layer in mixed.layers if isinstance(layer, FusedBatchNormalization)}
out["logits"] = str(mixed(images).dtype)
out["policy"] = keras.config.dtype_policy().name
print(json.dumps(out))
"""
=======
from support.keras_networks import compare_fused_normalization
from support.processes import run_in_fresh_process
>>>>>>> ec1eba8 (Tests of networks: functions in fresh processes instead of programs in strings)


@pytest.fixture(scope="module")
def out() -> dict[str, Any]:
    return run_in_fresh_process(compare_fused_normalization)


def test_outputs_gradients_and_moving_statistics_equal_those_of_keras(out: dict[str, Any]) -> None:
    assert out["fused layers"] == 4
    assert out["difference"] < 1e-4
    assert all(out["same names"])


def test_frozen_layers_normalize_by_moving_statistics(out: dict[str, Any]) -> None:
    assert out["frozen output difference"] == 0
    assert out["frozen weights difference"] == 0


def test_mixed_precision_keeps_layers_without_a_fast_kernel_in_float32(out: dict[str, Any]) -> None:
    assert out["compute dtypes"] == ["float32", "bfloat16", "bfloat16", "bfloat16"]
    assert out["logits dtype"] == "float32"
    assert out["policy"] == "float32"
