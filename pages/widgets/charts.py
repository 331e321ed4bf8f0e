"""Plotly charts and enlarged images on a page."""

from typing import Any

import cv2
import numpy as np
import streamlit as st

from mnist_core.charts.captions import Caption
from pages.widgets.show_errors import plain


def camera(name: str) -> dict[str, Any]:
    """The Plotly configuration of a chart whose only button saves it as a PNG of this name."""
    return {
        "displaylogo": False,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"filename": name, "scale": 2},
    }


def chart(
    figure: Any,
    name: str,
    alt: str,
    *,
    caption: Caption | None = None,
    key: str | None = None,
    **options: Any,
) -> None:
    """Show a chart whose button saves it as a PNG of this name, and its caption below.

    The default key is "evaluation_" and the name; `options` go to `st.plotly_chart`.
    """
    key = key or f"evaluation_{name}"
    st.plotly_chart(figure, key=key, config=camera(name), alt=alt, **options)
    if caption is not None:
        show_caption(caption)


def show_caption(caption: Caption, *, help: str | None = None) -> None:
    """Show how to read a chart, and in bold what it shows; `help` is Markdown."""
    st.caption(f"{plain(caption.reading)} **{plain(caption.result)}**", help=help)


def enlarged(frame: np.ndarray, factor: int) -> np.ndarray:
    """An (h, w) uint8 image, `factor` times as wide and as high, without smoothing."""
    return cv2.resize(frame, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST)
