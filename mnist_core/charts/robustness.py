"""Robustness: a heat map of corruptions for one model, and curves that compare models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mnist_core.charts.style import SERIES, TIGHT, new_figure, styled
from mnist_core.robustness.corruptions import CORRUPTIONS, SEVERITIES
from mnist_core.robustness.distortions import SWEEPS
from mnist_core.robustness.result import CLEAN, Robustness

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["corruption_heat_map", "sweep_curves"]


def corruption_heat_map(result: Robustness, *, height: int = 560) -> go.Figure:
    """Accuracy on clean images and under each corruption and severity; gaps are not measured.

    Args:
        result: of one model.
        height: of the figure, px.
    """
    accuracy, rejected = (
        np.array([[*values[CLEAN], *values[name]] for name in CORRUPTIONS])
        for values in (result.accuracy, result.rejected)
    )
    text = [["" if np.isnan(value) else f"{value:.1f}" for value in row] for row in 100 * accuracy]
    # Bold: the severity of MNIST-C itself.
    for row, corruption in zip(text, CORRUPTIONS.values(), strict=True):
        severity = corruption.paper_severity
        if row[severity]:
            row[severity] = f"<b>{row[severity]}</b>"
    figure = new_figure(height=height, margin=TIGHT)
    figure.add_heatmap(
        z=accuracy,
        x=[CLEAN, *map(str, SEVERITIES)],
        y=[corruption.title for corruption in CORRUPTIONS.values()],
        customdata=rejected,
        text=text,
        texttemplate="%{text}",
        zmin=0,
        zmax=1,
        colorscale="Cividis",
        xgap=1,
        ygap=1,
        # At the top, where it takes no width from the cells on a phone.
        colorbar={
            "orientation": "h",
            "tickformat": ".0%",
            "thickness": 8,
            "y": 1,
            "yanchor": "bottom",
            "ypad": 6,
            "tickvals": [0, 0.5, 1],
            "outlinewidth": 0,
        },
        hovertemplate="%{y}, severity %{x}<br>accuracy: %{z:.1%}<br>"
        "rejected as non-digits: %{customdata:.1%}<extra></extra>",
        hoverongaps=False,
    )
    figure.update_xaxes(title="severity", type="category", side="bottom")
    figure.update_yaxes(autorange="reversed")
    return figure


def sweep_curves(results: Sequence[Robustness], *, height: int = 560) -> go.Figure:
    """Accuracy under rotation, translation, scaling and noise, in a panel each.

    Args:
        results: of the models to compare, each with the same color in all panels.
        height: of the figure, px.
    """
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=2, cols=2, vertical_spacing=0.2, horizontal_spacing=0.13)
    for panel, sweep in enumerate(SWEEPS.values()):
        cell = {"row": panel // 2 + 1, "col": panel % 2 + 1}
        for index, result in enumerate(results):
            figure.add_scatter(
                x=list(sweep.levels),
                y=result.accuracy[sweep.name],
                customdata=result.rejected[sweep.name],
                name=result.name,
                mode="lines+markers",
                marker={"size": 5},
                line_color=SERIES[index % len(SERIES)],
                legendgroup=result.name,
                showlegend=panel == 0,
                hovertemplate=f"{result.name} at %{{x}}: %{{y:.1%}}<br>"
                "rejected as non-digits: %{customdata:.1%}<extra></extra>",
                **cell,
            )
        figure.update_xaxes(
            title_text=sweep.axis,
            title_font_size=12,
            dtick=45 if sweep.name == "rotation" else None,
            **cell,
        )
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02])
    return styled(figure, height=height, margin=TIGHT, legend={"orientation": "h", "y": 1.12})
