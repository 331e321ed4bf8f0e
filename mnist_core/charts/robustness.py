"""Robustness as figures: a heat map for each model, and curves that compare models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mnist_core.robustness.corruptions import CORRUPTIONS, SEVERITIES
from mnist_core.robustness.distortions import SWEEPS
from mnist_core.robustness.result import Robustness

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["corruption_heat_map", "sweep_curves"]

# Apart for color-blind eyes, on light and on dark pages (Okabe and Ito, 2008).
MODELS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999")


def corruption_heat_map(result: Robustness, *, height: int = 560) -> go.Figure:
    """Accuracy under each corruption and severity, the clean images first; gaps are not measured.

    Args:
        result: of one model.
        height: of the figure, px.
    """
    import plotly.graph_objects as go

    names = list(CORRUPTIONS)
    shares = np.column_stack([np.full(len(names), result.clean), result.table])
    rejected = np.column_stack(
        [
            np.full(len(names), result.rejected["clean"][0]),
            [result.rejected[name] for name in names],
        ]
    )
    paper = [corruption.paper_severity for corruption in CORRUPTIONS.values()]
    # What is not measured has no text; bold is what MNIST-C itself consists of.
    text = [
        [
            "" if np.isnan(share) else _bold(f"{100 * share:.1f}", column == own)
            for column, share in enumerate(row)
        ]
        for row, own in zip(shares, paper, strict=True)
    ]
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            x=["clean", *map(str, SEVERITIES)],
            y=[corruption.title for corruption in CORRUPTIONS.values()],
            customdata=rejected,
            text=text,
            texttemplate="%{text}",
            zmin=0,
            zmax=1,
            colorscale="Cividis",
            xgap=1,
            ygap=1,
            # Above, where it takes no width from the cells on a phone.
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
            hovertemplate=(
                "%{y}, severity %{x}<br>read rightly: %{z:.1%}<br>"
                "called no digit: %{customdata:.1%}<extra></extra>"
            ),
            hoverongaps=False,
        )
    )
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        xaxis={"title": "severity", "type": "category", "fixedrange": True, "side": "bottom"},
        yaxis={"autorange": "reversed", "fixedrange": True},
    )
    return figure


def sweep_curves(results: Sequence[Robustness], *, height: int = 560) -> go.Figure:
    """Accuracy while digits are turned, moved, enlarged and made noisy: a panel each.

    Args:
        results: of the models to compare, each with the same color in all panels.
        height: of the figure, px.
    """
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=2, cols=2, vertical_spacing=0.2, horizontal_spacing=0.13)
    for panel, sweep in enumerate(SWEEPS.values()):
        row, column = panel // 2 + 1, panel % 2 + 1
        for result, color in zip(results, _colors(len(results)), strict=True):
            figure.add_trace(
                go.Scatter(
                    x=list(sweep.levels),
                    y=result.accuracy[sweep.name],
                    customdata=result.rejected[sweep.name],
                    name=result.name,
                    mode="lines+markers",
                    marker={"size": 5},
                    line_color=color,
                    legendgroup=result.name,
                    showlegend=panel == 0,
                    hovertemplate=(
                        f"{result.name} at %{{x}}: %{{y:.1%}}<br>"
                        "called no digit: %{customdata:.1%}<extra></extra>"
                    ),
                ),
                row=row,
                col=column,
            )
        figure.update_xaxes(
            title_text=sweep.axis,
            title_font_size=12,
            fixedrange=True,
            dtick=45 if sweep.name == "rotation" else None,
            row=row,
            col=column,
        )
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02], fixedrange=True)
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        legend={"orientation": "h", "y": 1.12},
    )
    return figure


def _bold(text: str, bold: bool) -> str:
    return f"<b>{text}</b>" if bold else text


def _colors(count: int) -> list[str]:
    return [MODELS[place % len(MODELS)] for place in range(count)]
