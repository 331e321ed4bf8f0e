"""The drawing of a network, by the positions of its blocks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from support.block_networks import EXAMPLES

from mnist_core.charts import network_drawing
from mnist_core.networks.architectures import ARCHITECTURES
from mnist_core.networks.blocks.kinds import Convolution, Dense
from mnist_core.networks.blocks.plan import OUTPUT, plan_blocks
from mnist_core.networks.summary import Layer, layers_of


def box(trace: object) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of a block."""
    return min(trace.x), max(trace.x), min(trace.y), max(trace.y)  # type: ignore[attr-defined]


NETWORKS: dict[str, Sequence[Layer]] = {
    **{name: layers_of(name) for name in ARCHITECTURES},
    "own, long": plan_blocks((*[Convolution(filters=1, window=2)] * 10, Dense(), OUTPUT)).layers,
    "own, thin": plan_blocks((*[Dense(units=1)] * 11, OUTPUT)).layers,
    "own, short": plan_blocks((OUTPUT,)).layers,
    "own, all kinds": plan_blocks(EXAMPLES[0]).layers,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_network_drawing_has_blocks_and_names_that_do_not_overlap(name: str) -> None:
    figure = network_drawing(NETWORKS[name])
    boxes = [box(trace) for trace in figure.data]
    (low, high), (left, right) = figure.layout.yaxis.range, figure.layout.xaxis.range
    assert len(figure.layout.annotations) == len(boxes)
    # From bottom to top in 12 px, where a character is at most 7 px wide.
    character = 7 * (high - low) / (figure.layout.height - 8)
    feet = [
        edges[2] - 1 - character * max(map(len, name.text.split("<br>")))
        for edges, name in zip(boxes, figure.layout.annotations, strict=True)
    ]
    for number, (start, end, _, top) in enumerate(boxes):
        assert left < start < end < right
        assert low <= feet[number]
        assert top < high
        for other, (other_start, other_end, _, other_top) in enumerate(boxes[:number]):
            beside = end < other_start or other_end < start
            assert beside or top < feet[other] or other_top < feet[number]


def test_network_drawing_of_a_sequence_is_one_row() -> None:
    figure = network_drawing(layers_of("cnn"))
    boxes = [box(trace) for trace in figure.data]
    assert [trace.name for trace in figure.data][:2] == ["image 28×28×1", "Conv2D 24×24×16"]
    assert figure.layout.annotations[1].text == "Conv<br>24×24×16"
    assert boxes == sorted(boxes)
    assert {(bottom + top) / 2 for _, _, bottom, top in boxes} == {0}
    assert not figure.layout.shapes


def test_network_drawing_connects_branches_with_shared_layers() -> None:
    figure = network_drawing(layers_of("champion"))
    boxes = [box(trace) for trace in figure.data]
    rows = [(bottom + top) / 2 for _, _, bottom, top in boxes]
    assert np.unique(np.round(rows, 6)).tolist() == [-22, 0, 22]
    named = {trace.name: box(trace) for trace in figure.data}
    pooled, answer = named["MaxPooling2D 12×12×48"], named["Dense 11"]
    starts = [line for line in figure.layout.shapes if line.x0 == pooled[1]]
    ends = [line for line in figure.layout.shapes if line.x1 == answer[0]]
    assert [line.y1 for line in starts] == [line.y0 for line in ends] == [22, 0, -22]
    assert {line.y0 for line in starts} == {line.y1 for line in ends} == {0}
    # Lines begin and end at blocks of the branches.
    lefts, rights = {edges[0] for edges in boxes}, {edges[1] for edges in boxes}
    assert {line.x1 for line in starts} <= lefts
    assert {line.x0 for line in ends} <= rights
    assert answer[0] > max(line.x0 for line in ends) >= max(edges[1] for edges in boxes[:-1])
