"""The processor's capabilities, and TensorFlow's environment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mnist_core.training import cpu

ONE = "processor\t: 0\nflags\t\t: fpu sse2 {}\nbugs\t\t: spectre_v1\n"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (ONE.format("avx2 avx512f avx512_bf16"), True),
        (ONE.format("amx_bf16 amx_tile"), True),
        (ONE.format("avx2 avx512f"), False),
        (ONE.format("avx512_bf16x"), False),
        ("processor\t: 0\nFeatures\t: asimd bf16\n", False),
        ("", False),
        ("flags\t\t: é avx512_bf16", False),
    ],
)
def test_multiplies_bfloat16_reads_the_flags(content: str, expected: bool, tmp_path: Path) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(content, encoding="utf-8")
    assert cpu.multiplies_bfloat16(path) is expected


def test_multiplies_bfloat16_is_false_on_other_systems(tmp_path: Path) -> None:
    assert cpu.multiplies_bfloat16(tmp_path / "none") is False


def test_prepare_tensorflow_enables_onednn_unless_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    cpu.prepare_tensorflow()
    assert (os.environ["TF_CPP_MIN_LOG_LEVEL"], os.environ["TF_ENABLE_ONEDNN_OPTS"]) == ("3", "0")
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS")
    cpu.prepare_tensorflow()
    assert os.environ["TF_ENABLE_ONEDNN_OPTS"] == "1"
