"""The images that a network with an output for non-digits learns from."""

from __future__ import annotations

import numpy as np
import pytest
from support.processes import run_with_tensorflow

from mnist_core.data import NOT_A_DIGIT, load_mnist

ALL_KINDS = {
    "widths": 0.1,
    "styles": 0.2,
    "outliers": 0.1,
    "prints": 0.05,
    "halves": 0.05,
    "pairs": 0.05,
    "struck": 0.05,
}


def test_sources_fill_a_batch_and_have_both_kinds_of_labels() -> None:
    shares, labels, sizes = run_with_tensorflow(_summarize, ALL_KINDS)
    assert sum(shares) == pytest.approx(1)
    assert sizes == [500, 20, 40, 10, 20, 10, 10, 10]
    digits, non_digits = labels[:4], labels[4:]
    assert all(label < NOT_A_DIGIT for kind in digits for label in kind)
    assert all(kind == [NOT_A_DIGIT] for kind in non_digits)


def test_a_kind_without_a_share_is_not_made() -> None:
    shares, _, sizes = run_with_tensorflow(
        _summarize, {"widths": 0.1, "styles": 0.2, "outliers": 0.0}
    )
    assert shares == pytest.approx([0.7, 0.1, 0.2])
    assert sizes == [500, 20, 40]


def test_sources_depend_on_the_seed_alone() -> None:
    first, again, other = (run_with_tensorflow(_checksum, seed) for seed in (3, 3, 4))
    assert first == again != other


def _summarize(shares: dict[str, float]) -> tuple[list[float], list[list[int]], list[int]]:
    """The shares, the different labels and the number of images of each source."""
    from mnist_core.training.sources import Shares, make_sources

    sources = make_sources(load_mnist().training.select(slice(500)), Shares(**shares), 200, 3)
    return (
        [source.share for source in sources],
        [np.unique(source.labels).tolist() for source in sources],
        [len(source.frames) for source in sources],
    )


def _checksum(seed: int) -> list[int]:
    from mnist_core.training.sources import synthetic_sources

    sources = synthetic_sources(load_mnist().training.select(slice(500)), seed, 0.0005)
    return [int(source.frames.astype(np.int64).sum()) for source in sources]
