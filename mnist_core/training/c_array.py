"""A network as a C array for TensorFlow Lite Micro, with a test vector."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

__all__ = ["IntegerNetwork", "c_files"]

_HEADER = """\
/* Handwritten digits for TensorFlow Lite Micro: the network "{name}" in integers alone.

   Input: {pixels} int8, a 28x28 image with white ink on black, row by row: a pixel from 0 to 255,
   less 128. Output: {outputs} int8, the logits of the digits 0 to 9{more}; the largest one is the
   answer. A logit is (output - ({zero_point})) * {scale:.8g}.

   Operators, for tflite::MicroMutableOpResolver<{count}>: {operators}.

   Check a device with the test vector: digit_test_image gives digit_test_output, where optimized
   kernels may deviate by 1. */
#ifndef DIGIT_MODEL_H
#define DIGIT_MODEL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

#define DIGIT_MODEL_BYTES {size}
#define DIGIT_PIXELS {pixels}
#define DIGIT_OUTPUTS {outputs}
#define DIGIT_TEST_LABEL {label}

extern const unsigned char digit_model[DIGIT_MODEL_BYTES];
extern const int8_t digit_test_image[DIGIT_PIXELS];
extern const int8_t digit_test_output[DIGIT_OUTPUTS];

#ifdef __cplusplus
}}
#endif

#endif
"""
_SOURCE = """\
#include "digit_model.h"

/* TensorFlow Lite Micro reads the network in place, and needs it at a multiple of 16. */
_Alignas(16) const unsigned char digit_model[DIGIT_MODEL_BYTES] = {{
{model}
}};

const int8_t digit_test_image[DIGIT_PIXELS] = {{
{image}
}};

const int8_t digit_test_output[DIGIT_OUTPUTS] = {{
{output}
}};
"""
_PER_LINE = 24


class IntegerNetwork:
    """A LiteRT network in integers, from `quantize_whole`.

    Args:
        content: the file.
        exact: compute with the reference kernels, whose integers TensorFlow Lite Micro has, too;
            the optimized ones round otherwise, and are many times as fast.
    """

    def __init__(self, content: bytes, *, exact: bool = False) -> None:
        kernels = OpResolverType.BUILTIN_REF if exact else OpResolverType.AUTO
        self._interpreter = Interpreter(
            model_content=content, experimental_op_resolver_type=kernels, num_threads=1
        )
        self._interpreter.allocate_tensors()
        (self._input,) = self._interpreter.get_input_details()
        (self._output,) = self._interpreter.get_output_details()

    def outputs(self, frames: NDArray[np.uint8]) -> NDArray[np.int8]:
        """The logits as integers.

        Args:
            frames: (n, 28, 28) uint8, white ink on black.

        Returns:
            (n, 10 or 11) int8.
        """
        results = []
        for frame in (frames.astype(np.int16) - 128).astype(np.int8):
            self._interpreter.set_tensor(self._input["index"], frame[np.newaxis])
            self._interpreter.invoke()
            results.append(self._interpreter.get_tensor(self._output["index"])[0])
        return np.stack(results)

    @property
    def quantization(self) -> tuple[float, int]:
        """Scale and zero point of the logits."""
        scale, zero_point = self._output["quantization"]
        return float(scale), int(zero_point)

    @property
    def operators(self) -> list[str]:
        """The names of its operators, each once, in alphabetical order."""
        names = {operator["op_name"] for operator in self._interpreter._get_ops_details()}
        return sorted(names - {"DELEGATE"})


def c_files(name: str, content: bytes, image: NDArray[np.uint8], label: int) -> bytes:
    """A ZIP archive with the network as C, and as the same LiteRT file.

    Args:
        name: the model's.
        content: a network from `quantize_whole`.
        image: (28, 28) uint8, white ink on black, of the test vector.
        label: its digit.

    Returns:
        The archive: digit_model.h, digit_model.c (C11), digit_model.tflite.
    """
    network = IntegerNetwork(content, exact=True)
    (output,) = network.outputs(image[np.newaxis])
    scale, zero_point = network.quantization
    header = _HEADER.format(
        name=name,
        pixels=image.size,
        outputs=output.size,
        more=' and of "this is a digit"' if output.size > 10 else "",
        zero_point=zero_point,
        scale=scale,
        count=len(network.operators),
        operators=", ".join(network.operators),
        size=len(content),
        label=label,
    )
    source = _SOURCE.format(
        model=_rows(content),
        image=_rows((image.astype(np.int16) - 128).ravel().tolist()),
        output=_rows(output.tolist()),
    )
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("digit_model.h", header)
        files.writestr("digit_model.c", source)
        files.writestr("digit_model.tflite", content)
    return archive.getvalue()


def _rows(numbers: Sequence[int]) -> str:
    lines = (numbers[start : start + _PER_LINE] for start in range(0, len(numbers), _PER_LINE))
    return ",\n".join(",".join(map(str, line)) for line in lines)
