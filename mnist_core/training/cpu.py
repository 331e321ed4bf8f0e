"""What this machine's processor can do, and how TensorFlow is to use it. Imports nothing heavy."""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path

__all__ = ["multiplies_bfloat16", "prepare_tensorflow"]

_CPUINFO = Path("/proc/cpuinfo")


@functools.cache
def multiplies_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 by itself, which takes half the time of float32.

    Those are x86 processors with AVX512_BF16 or AMX_BF16, as Linux tells them; others are said not
    to: oneDNN imitates bfloat16 there, which is no quicker or much slower.
    """
    try:
        flags = re.search(r"^flags\s*:(.*)$", _CPUINFO.read_text(encoding="ascii"), re.MULTILINE)
    except (OSError, UnicodeDecodeError):
        return False
    return bool(flags and {"avx512_bf16", "amx_bf16"} & set(flags[1].split()))


def prepare_tensorflow() -> None:
    """Set what TensorFlow reads from the environment when it is imported for the first time.

    It tells of errors only, and computes with oneDNN, which by itself it does on Linux where the
    processor has AVX512_VNNI or newer (release notes of TensorFlow 2.9). With AVX2 alone, as in
    most computers that people have, it learns quicker with it, too. What is set already stays.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
