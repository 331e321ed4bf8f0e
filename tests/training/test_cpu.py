"""What the processor is said to be able to do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mnist_core.training import cpu

ONE = "processor\t: 0\nflags\t\t: fpu sse2 {}\nbugs\t\t: spectre_v1\n"


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """Look anew, here and afterwards."""
    cpu.multiplies_bfloat16.cache_clear()
    yield
    cpu.multiplies_bfloat16.cache_clear()


@pytest.mark.parametrize(
    ("content", "able"),
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
def test_flags_tell_it(
    content: str, able: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpuinfo").write_text(content, encoding="utf-8")
    monkeypatch.setattr(cpu, "_CPUINFO", tmp_path / "cpuinfo")
    assert cpu.multiplies_bfloat16() is able


def test_a_system_that_does_not_tell_is_said_not_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cpu, "_CPUINFO", tmp_path / "none")
    assert cpu.multiplies_bfloat16() is False


def test_tensorflow_computes_with_onednn_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    cpu.prepare_tensorflow()
    assert (os.environ["TF_CPP_MIN_LOG_LEVEL"], os.environ["TF_ENABLE_ONEDNN_OPTS"]) == ("3", "0")
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS")
    cpu.prepare_tensorflow()
    assert os.environ["TF_ENABLE_ONEDNN_OPTS"] == "1"
