"""Charts of robustness, by their numbers."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_core.charts.robustness import corruption_heat_map, sweep_curves
from mnist_core.robustness.corruptions import CORRUPTIONS, SEVERITIES
from mnist_core.robustness.distortions import SWEEPS
from mnist_core.robustness.result import CLEAN, Robustness


def made_up(name: str = "one", *, missing: tuple[str, ...] = ()) -> Robustness:
    rng = np.random.default_rng(len(name))
    lengths = {CLEAN: 1} | dict.fromkeys(CORRUPTIONS, 5)
    lengths |= {sweep.name: len(sweep.levels) for sweep in SWEEPS.values()}
    values = {row: rng.random((2, length)) for row, length in lengths.items()}
    for row in missing:
        values[row][:] = np.nan
    return Robustness(
        name=name,
        images={row: 0 if row in missing else 100 for row in lengths},
        accuracy={row: value[0] for row, value in values.items()},
        rejected={row: value[1] for row, value in values.items()},
    )


def test_corruption_heat_map_shows_accuracy_and_rejections() -> None:
    result = made_up()
    (heat,) = corruption_heat_map(result).data
    shares = np.array(heat.z)
    assert shares[:, 0] == pytest.approx(result.clean)
    assert shares[:, 1:] == pytest.approx(result.table)
    assert list(heat.x) == ["clean", *map(str, SEVERITIES)]
    assert list(heat.y) == [corruption.title for corruption in CORRUPTIONS.values()]
    assert np.array(heat.customdata)[3, 2] == pytest.approx(result.rejected["motion_blur"][1])
    assert (heat.zmin, heat.zmax) == (0, 1)
    # Bold: MNIST-C has one severity per corruption.
    bold = [[text.startswith("<b>") for text in row] for row in heat.text]
    severities = [corruption.paper_severity for corruption in CORRUPTIONS.values()]
    assert [row.index(True) for row in bold] == severities
    assert all(sum(row) == 1 for row in bold)
    assert heat.text[0][1] == f"{100 * result.table[0, 0]:.1f}"


def test_corruption_heat_map_has_gaps_where_nothing_is_measured() -> None:
    (heat,) = corruption_heat_map(made_up(missing=("fog", "zigzag"))).data
    row = list(CORRUPTIONS).index("fog")
    assert np.isnan(np.array(heat.z, float)[row, 1:]).all()
    assert heat.text[row][1:] == ("",) * 5 or list(heat.text[row][1:]) == [""] * 5
    (heat,) = corruption_heat_map(made_up(missing=(CLEAN, *CORRUPTIONS, *SWEEPS))).data
    assert np.isnan(np.array(heat.z, float)).all()


@pytest.mark.parametrize("count", [0, 1, 3])
def test_sweep_curves_show_every_model_in_every_panel(count: int) -> None:
    results = [made_up("m" * (number + 1)) for number in range(count)]
    figure = sweep_curves(results)
    assert len(figure.data) == 4 * count
    for place, trace in enumerate(figure.data):
        sweep = list(SWEEPS.values())[place // count]
        result = results[place % count]
        assert trace.name == result.name
        assert list(trace.x) == list(sweep.levels)
        assert np.array(trace.y) == pytest.approx(result.accuracy[sweep.name])
        assert trace.showlegend == (place < count)
    colors = {(trace.name, trace.line.color) for trace in figure.data}
    assert len(colors) == len({color for _, color in colors}) == count
    titles = [figure.layout[f"xaxis{number}"].title.text for number in ("", 2, 3, 4)]
    assert titles == [sweep.axis for sweep in SWEEPS.values()]
