"""The processor's capabilities, and TensorFlow's environment. Imports nothing heavy."""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path

__all__ = ["multiplies_bfloat16", "prepare_tensorflow"]


@functools.cache
def multiplies_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the processor multiplies bfloat16 natively, in half the time of float32.

    True for x86 processors with AVX512_BF16 or AMX_BF16, as reported by Linux; False for all
    others, where oneDNN emulates bfloat16 no faster than float32 or much slower.
    """
    try:
        flags = re.search(r"^flags\s*:(.*)$", cpuinfo.read_text(encoding="ascii"), re.MULTILINE)
    except (OSError, UnicodeDecodeError):
        return False
    return bool(flags and {"avx512_bf16", "amx_bf16"} & set(flags[1].split()))


def prepare_tensorflow() -> None:
    """Set the environment variables that TensorFlow reads at its first import.

    It is to log errors only, and to use oneDNN, which is the default only on Linux with AVX512_VNNI
    or newer (release notes of TensorFlow 2.9), though training is faster with it on the more common
    AVX2 as well. Variables that are set already are not changed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
