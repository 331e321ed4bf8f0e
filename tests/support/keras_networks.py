"""Measurements of untrained Keras networks, for processes of their own: TensorFlow is large."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np


def build_all() -> dict[str, dict[str, Any]]:
    """Build each architecture; its shapes, layers and logits of three images."""
    from mnist_core.networks.architectures import ARCHITECTURES
    from mnist_core.networks.summary import describe

    images = np.zeros((3, 28, 28), np.float32)
    images[1:] = np.random.default_rng(1).integers(0, 256, (2, 28, 28))
    networks = {}
    for name, architecture in ARCHITECTURES.items():
        model, other = architecture.build(), architecture.build()
        logits, again = (np.asarray(model(images, training=False)) for _ in range(2))
        networks[name] = {
            "input": model.input_shape,
            "output": model.output_shape,
            "parameters": model.count_params(),
            "logits": logits,
            "logits again": again,
            "layers": [asdict(layer) for layer in describe(model)],
            "layers with dropout": [asdict(layer) for layer in describe(architecture.build(0.25))],
            "shares weights": any(a is b for a in model.weights for b in other.weights),
        }
    return networks


def measure_training_forms() -> dict[str, Any]:
    """Compare each network with its training form; how the champion's branches learn."""
    import keras
    import tensorflow as tf

    from mnist_core.errors import MnistError
    from mnist_core.networks.architectures import ARCHITECTURES, get_architecture
    from mnist_core.networks.structure import branches_of, single_layers
    from mnist_core.networks.training_layers import (
        BranchwiseDense,
        FusedBatchNormalization,
        training_form,
    )
    from mnist_core.training.losses import DigitAccuracy, digit_loss, mean_logits

    out: dict[str, Any] = {}
    random = np.random.default_rng(4)
    images = random.uniform(0, 255, (6, 28, 28)).astype(np.float32)
    labels = np.array([3, 1, 10, 7, 0, 10])
    for name in ARCHITECTURES:
        saved = get_architecture(name).build(0)
        trained = training_form(saved)
        for weight in saved.weights:
            weight.assign(weight + 0.05 * random.standard_normal(weight.shape) ** 2)
        trained.set_weights(saved.get_weights())
        logits = np.asarray(saved(images))
        normalizations = [
            layer
            for layer in single_layers(trained)
            if isinstance(layer, keras.layers.BatchNormalization)
        ]
        out[name] = {
            "difference": relative_difference(logits, trained(images)),
            "same names": [weight.path.split("/")[-1] for weight in saved.weights]
            == [weight.path.split("/")[-1] for weight in trained.weights],
            "normalizations": len(normalizations),
            "fused": sum(type(layer) is FusedBatchNormalization for layer in normalizations),
            "branches": [branch.name for branch in branches_of(saved)],
            "training shape": tuple(trained(images, training=True).shape),
            "inference shape": tuple(trained(images, training=False).shape),
        }

    # The champion, with frozen normalizations: the same numbers in each call.
    for layer in single_layers(trained):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    branches = branches_of(saved)
    with tf.GradientTape(persistent=True) as tape:
        branch_logits = trained(images, training=True)
        loss = tf.reduce_mean(digit_loss(labels, branch_logits))
        losses = [
            tf.reduce_mean(digit_loss(labels, branch_logits[:, i])) for i in range(len(branches))
        ]
    out["mean of branches"] = relative_difference(
        np.asarray(trained(images)), mean_logits(branch_logits)
    )
    out["loss"], out["losses of branches"] = float(loss), [float(value) for value in losses]
    kernels = [trained.get_layer(branch.name).layers[0].kernel.value for branch in branches]
    gradients = [[tape.gradient(value, kernel) for kernel in kernels] for value in losses]
    out["branch learns from loss"] = [
        [bool(gradient is not None and np.abs(gradient).max() > 0) for gradient in row]
        for row in gradients
    ]
    shared = trained.layers[1].layers[2].kernel.value
    out["shared gradients"] = [
        float(np.abs(tape.gradient(value, shared)).max()) for value in losses
    ]
    accuracy = DigitAccuracy()
    accuracy.update_state(labels, branch_logits)
    correct = np.asarray(mean_logits(branch_logits))[:, :10].argmax(axis=1) == labels
    out["accuracy"] = (float(accuracy.result()), float(correct[labels < 10].mean()))

    layer = trained.layers[-1]
    assert isinstance(layer, BranchwiseDense)
    out["widths"] = BranchwiseDense.from_config(layer.get_config()).widths
    image = keras.Input((28, 28))
    two = [keras.Model(image, keras.layers.Flatten()(image)) for _ in range(2)]
    joined = keras.layers.Concatenate()([model(image) for model in two])
    try:
        branches_of(keras.Model(image, keras.layers.Dense(11)(joined), name="several"))
    except MnistError as error:
        out["ensemble"] = str(error)
    mlp = get_architecture("mlp").build()
    out["mlp is unchanged"] = training_form(mlp) is mlp
    return out


def compare_fused_normalization() -> dict[str, Any]:
    """Compare Keras's normalization with the fused one in the `cnn`."""
    import keras
    import tensorflow as tf

    from mnist_core import TrainingConfig
    from mnist_core.networks.architectures import get_architecture
    from mnist_core.networks.training_layers import FusedBatchNormalization, training_form
    from mnist_core.training.fitting import build_compiled_model

    out: dict[str, Any] = {}
    random = np.random.default_rng(4)
    keras.utils.set_random_seed(4)
    plain = get_architecture("cnn").build(0)
    fused = training_form(plain)
    out["fused layers"] = sum(isinstance(layer, FusedBatchNormalization) for layer in fused.layers)
    out["same names"] = [a.name == b.name for a, b in zip(plain.layers, fused.layers, strict=True)]
    fused.set_weights(plain.get_weights())
    images = random.uniform(0, 255, (5, 28, 28)).astype(np.float32)
    labels = random.integers(0, 10, 5)
    results = []
    for model in (plain, fused):
        with tf.GradientTape() as tape:
            logits = model(images, training=True)
            loss = tf.reduce_mean(
                keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
            )
        gradients = tape.gradient(loss, [v.value for v in model.trainable_variables])
        results.append([logits, *gradients, *model.get_weights(), model(images, training=False)])
    out["difference"] = max(
        float(np.abs(np.asarray(a) - np.asarray(b)).max() / (1e-3 + np.abs(np.asarray(a)).max()))
        for a, b in zip(*results, strict=True)
    )

    fused.trainable = False
    before = [weights.copy() for weights in fused.get_weights()]
    again = fused(images, training=True)
    out["frozen output difference"] = float(np.abs(again - results[1][-1]).max())
    out["frozen weights difference"] = max(
        float(np.abs(a - b).max()) for a, b in zip(before, fused.get_weights(), strict=True)
    )

    settings = TrainingConfig(architecture="cnn", mixed_precision=True).resolved()
    mixed = build_compiled_model(settings, 1)
    keras.config.set_dtype_policy("mixed_bfloat16")
    network = keras.Sequential([keras.Input((8, 8, 1))])
    for channels in (24, 32):
        network.add(keras.layers.Conv2D(channels, 3))
        network.add(keras.layers.BatchNormalization())
    keras.config.set_dtype_policy("float32")
    out["compute dtypes"] = [layer.compute_dtype for layer in training_form(network).layers[1::2]]
    out["logits dtype"] = tf.as_dtype(mixed(images).dtype).name
    out["policy"] = keras.config.dtype_policy().name
    return out


def predict_mnist_test(path: Path) -> np.ndarray:
    """The logits of a `.keras` file for the MNIST test images."""
    import keras

    from mnist_core import load_mnist

    model = keras.models.load_model(path, compile=False)
    images = load_mnist().x_test.astype("float32")
    return np.asarray(model.predict(images, batch_size=500, verbose=0))


def relative_difference(expected: np.ndarray, values: Any) -> float:
    """The largest difference, relative to the largest expected value."""
    return float(np.abs(expected - np.asarray(values)).max() / np.abs(expected).max())
