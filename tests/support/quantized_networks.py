"""Quantized networks, made in a process of their own: TensorFlow is large."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np


def quantize_networks(images: np.ndarray) -> dict[str, dict[str, Any]]:
    """LiteRT models of untrained networks, quantized twice and in 32 bits, and Keras's logits."""
    import keras

    from mnist_core.networks.architectures import get_architecture
    from mnist_core.training.quantization import quantize

    networks = {}
    keras.utils.set_random_seed(3)
    for name in ("cnn", "mlp"):
        model = get_architecture(name).build()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.tflite"
            model.export(path, format="litert", verbose=False)
            content = path.read_bytes()
        networks[name] = {
            "quantized": quantize(model, images),
            "again": quantize(model, images),
            "float": content,
            "logits": np.asarray(model(images.astype(np.float32))),
        }
    return networks
