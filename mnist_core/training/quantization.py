"""Weights and activations in 8 bits: a smaller file, faster inference. Imports TensorFlow.

After B. Jacob et al., "Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference" (CVPR 2018): each layer's range is measured on representative
images, kernels have a scale for each channel. Three parts stay float32:

- the last layer, because logits of 8 bits come in steps of 0.28 and confidences with them;
- convolutions of the image itself. With one channel, the integer kernels compute mostly padding;
- what comes before these.

One frame of the champion then takes a quarter of the time with AVX512_VNNI, the same time with
AVX512 without it, and 1.1 times as long with AVX2 alone (`tests/benchmarks/quantization.py`). The
integers are the same on all three, and so are the answers.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

__all__ = ["REPRESENTATIVE_IMAGES", "quantize", "quantize_whole"]

# With 300 images of the champion's training, the logits of validation images deviate by 0.075
# (root mean square), with 1,000 by 0.067, with 2,000 of MNIST alone by 0.12.
REPRESENTATIVE_IMAGES = 1000


def quantize(model: keras.Model, images: NDArray[np.uint8]) -> bytes:
    """Convert a network to LiteRT, with weights and activations in 8 bits.

    Args:
        model: one of `ARCHITECTURES`, from (n, 28, 28) float32, 0 to 255, to logits.
        images: (m, 28, 28) uint8, like those that it will see.

    Returns:
        A LiteRT model with the same input and output as the network.
    """

    with _converter(model, images) as converter:
        # TensorFlow's only way to leave single layers in float32.
        debugger = tf.lite.experimental.QuantizationDebugger(
            converter=converter, debug_dataset=converter.representative_dataset
        )
        debugger.options = tf.lite.experimental.QuantizationDebugOptions(
            denylisted_nodes=_float_tensors(debugger.calibrated_model)
        )
        content: bytes = debugger.get_nondebug_quantized_model()
    return content


def quantize_whole(model: keras.Model, images: NDArray[np.uint8]) -> bytes:
    """Convert a network to LiteRT in integers alone, for processors without floating point.

    Args:
        model: as for `quantize`.
        images: as for `quantize`.

    Returns:
        A LiteRT model from (1, 28, 28) int8, a pixel less 128, to (1, 10 or 11) int8.
    """
    one = keras.InputSpec(shape=(1, *model.input_shape[1:]), dtype="float32", name="image")
    # The range of pixels is known: with it, an int8 stands for each of them.
    ends = np.stack([np.zeros_like(images[0]), np.full_like(images[0], 255)])
    with _converter(model, np.concatenate([ends, images]), input_signature=[one]) as converter:
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        content: bytes = converter.convert()
    return content


@contextmanager
def _converter(model: keras.Model, images: NDArray[np.uint8], **options: Any) -> Iterator[Any]:
    """TensorFlow's converter to 8 bits; `options` are of `model.export`."""

    def representative() -> Iterator[list[NDArray[np.float32]]]:
        for image in images:
            yield [image[np.newaxis].astype(np.float32)]

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TensorFlow announces that tf.lite will move
        model.export(folder, format="tf_saved_model", verbose=False, **options)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = representative
        yield converter


def _float_tensors(content: bytes) -> list[str]:
    """The names of the outputs of the layers that stay float32."""
    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    names = {detail["index"]: detail["name"] for detail in interpreter.get_tensor_details()}
    operators: list[Any] = [
        operator
        for operator in interpreter._get_ops_details()
        if operator["op_name"] not in ("DELEGATE", "FULLY_CONNECTED")
    ]
    # Tensors that are the image, scaled or reshaped.
    images = {detail["index"] for detail in interpreter.get_input_details()}
    floats = [detail["name"] for detail in interpreter.get_output_details()]
    for operator in operators:
        if images & set(operator["inputs"]):
            output = operator["outputs"][0]
            floats.append(names[output])
            if operator["op_name"] != "CONV_2D":
                images.add(output)
    return floats
