"""The evaluation report: one HTML page with all charts, the errors and the model card.

The page works offline.
"""

from __future__ import annotations

import base64
import dataclasses
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import combinations
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core import charts
from mnist_core.charts.embedding_map import map_figure
from mnist_core.charts.robustness import corruption_heat_map, sweep_curves
from mnist_core.errors import DatasetError, ModelLoadError
from mnist_core.evaluation.assessment import Assessment
from mnist_core.evaluation.comparison import Comparison, compare
from mnist_core.explanation.activations import open_activations
from mnist_core.explanation.embedding_map import EmbeddingMap, build_embedding_map
from mnist_core.inference.recognizer import Recognizer
from mnist_core.registry.artifacts import load_history
from mnist_core.registry.card import ModelCard
from mnist_core.robustness.measurement import SAMPLE, RobustnessJob
from mnist_core.robustness.result import Robustness
from mnist_core.storage.paths import ASSETS

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from jinja2 import Template

__all__ = ["report_html"]

_PACKAGES = ("numpy", "scipy", "scikit-learn", "plotly", "ai-edge-litert", "opencv-python-headless")
# Errors shown per model; a poor one has thousands.
_MAX_ERRORS = 200
_ALL_TEST_IMAGES = 10_000


class _Measured(NamedTuple):
    """Results that need the network itself; None where they are not available."""

    embedding: EmbeddingMap | None = None
    robustness: Robustness | None = None


def report_html(
    assessments: Sequence[Assessment],
    directory: Path | None = None,
    *,
    load: Callable[[ModelCard], Recognizer] | None = None,
    time_limit: float | None = None,
    on_progress: Callable[[float], None] = lambda share: None,
) -> str:
    """Write a report on one or several models, evaluated on the same set.

    Args:
        assessments: at least one, all on the same images.
        directory: where the models are instead of `models_directory()`.
        load: loads a model for its embedding map and its robustness, which are measured if they
            are not in the cache; None leaves both out.
        time_limit: for all measurements together, s. What is missing then stays blank, and the
            next report resumes there. None: no limit.
        on_progress: receives the measured share, 0 to 1.

    Returns:
        A page of 5 MB and more, most of it Plotly.

    Raises:
        DatasetError: there are no assessments, or they are on different images.
        ModelLoadError: `load` found a model damaged.
    """
    from plotly.offline import get_plotlyjs

    digests = {assessment.data.digest for assessment in assessments}
    if len(digests) != 1:
        raise DatasetError(
            "A report needs models evaluated on one set. Evaluate them all on the same images. "
            f"Received: {len(assessments)} assessments of {len(digests)} sets"
        )
    comparisons = {
        f"{first.card.name} vs. {second.card.name}": compare(first.evaluation, second.evaluation)
        for first, second in combinations(assessments, 2)
    }
    measurements = [_Measured() for _ in assessments]
    if load is not None:
        recognizers = [load(item.card) for item in assessments]
        measurements = _measure(recognizers, directory, time_limit, on_progress)
    shared = _shared_figures(assessments, comparisons, measurements) if comparisons else {}
    return _template().render(
        title=f"Evaluation of {', '.join(assessment.card.name for assessment in assessments)}",
        data=assessments[0].data,
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        plotly=get_plotlyjs(),
        assessments=assessments,
        comparisons=comparisons,
        shared=_charts(shared, "models"),
        details=[
            (item, _charts(_figures(item, measured, directory), item.card.name), measured)
            for item, measured in zip(assessments, measurements, strict=True)
        ],
        max_errors=_MAX_ERRORS,
        card_rows=_card_rows,
        versions={"Python": platform.python_version(), **{p: version(p) for p in _PACKAGES}},
    )


def _template() -> Template:
    from jinja2 import Environment

    # Names and settings come from files: they are escaped.
    environment = Environment(autoescape=True)
    environment.filters |= {
        "thousands": "{:,}".format,
        "percent": "{:.2%}".format,
        "points": lambda share: f"{100 * share:+.2f}",
        "six_digits": "{:.6f}".format,
        "png": _png_url,
    }
    return environment.from_string((ASSETS / "report.html").read_text(encoding="utf-8"))


def _measure(
    recognizers: Sequence[Recognizer],
    directory: Path | None,
    time_limit: float | None,
    on_progress: Callable[[float], None],
) -> list[_Measured]:
    """Embedding map and robustness of each model."""
    deadline = inf if time_limit is None else time.monotonic() + time_limit
    measurements = []
    for index, recognizer in enumerate(recognizers):
        embedding: EmbeddingMap | None = None
        # Some networks have no readable activations; the report does without the map.
        with suppress(ModelLoadError):
            embedding = build_embedding_map(
                recognizer, open_activations(recognizer.card, directory)
            )
        # All images if that is in the cache, else a sample.
        job = RobustnessJob(recognizer, _ALL_TEST_IMAGES)
        if not job.complete:
            job = RobustnessJob(recognizer, SAMPLE)

            def show(share: float, done: int = index) -> None:
                on_progress((done + share) / len(recognizers))

            job.run(show, time_limit=deadline - time.monotonic())
        measurements.append(_Measured(embedding, job.result))
    on_progress(1.0)
    return measurements


def _shared_figures(
    assessments: Sequence[Assessment],
    comparisons: Mapping[str, Comparison],
    measurements: Sequence[_Measured],
) -> dict[str, go.Figure]:
    """Title -> figure, of all models together."""
    figures = {
        "Accuracy": charts.accuracy_intervals({a.card.name: a.evaluation for a in assessments}),
        "Accuracy differences": charts.difference_intervals(comparisons),
        "Calibration: accuracy against coverage": charts.coverage_curves(
            {a.card.name: a.coverage for a in assessments}
        ),
    }
    if results := [m.robustness for m in measurements if m.robustness is not None]:
        figures["Robustness to distortions"] = sweep_curves(results)
    return figures


def _figures(item: Assessment, measured: _Measured, directory: Path | None) -> dict[str, go.Figure]:
    """Title -> figure, of one model."""
    evaluation = item.evaluation
    figures = {
        "Confusion matrix": charts.confusion_matrix(evaluation),
        "Confusion matrix: error rates": charts.confusion_matrix(
            evaluation, rates=True, errors_only=True
        ),
        "Per class": charts.class_bars(evaluation),
        "ROC, zoomed in": charts.roc_curves(item.roc, "corner"),
        "ROC, log axis": charts.roc_curves(item.roc, "log"),
        "Precision-recall (PR), zoomed in": charts.precision_recall_curves(
            item.precision_recall, corner=True
        ),
        "Calibration: confidence histogram": charts.confidence_bars(item.confidences),
        "Calibration: reliability diagram": charts.reliability_diagram(item.reliability),
        "Calibration: accuracy against coverage": charts.coverage_curves(
            {item.card.name: item.coverage}
        ),
    }
    # An ensemble has no history.
    with suppress(ModelLoadError):
        figures["Training curves"] = charts.history_curves(load_history(item.card, directory))
    if measured.embedding is not None:
        figures["Embedding, 2-D"] = map_figure(measured.embedding)
        figures["Embedding, 3-D"] = map_figure(measured.embedding, axes=3)
    if measured.robustness is not None:
        figures["Robustness to corruptions"] = corruption_heat_map(measured.robustness)
        figures["Robustness to distortions"] = sweep_curves([measured.robustness])
    return figures


def _charts(figures: Mapping[str, go.Figure], owner: str) -> dict[str, str]:
    """Title -> HTML; the camera button saves a PNG named after owner and title."""
    return {
        title: figure.to_html(
            full_html=False,
            include_plotlyjs=False,
            config={
                "responsive": True,
                "displaylogo": False,
                "toImageButtonOptions": {"filename": f"{owner} {title}", "scale": 2},
            },
        )
        for title, figure in figures.items()
    }


def _png_url(image: NDArray[np.uint8]) -> str:
    content = cv2.imencode(".png", image)[1].tobytes()
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def _card_rows(card: ModelCard) -> dict[str, str]:
    """The card's entries as text."""
    return {
        name.replace("_", " "): ", ".join(f"{key} {inner}" for key, inner in value.items())
        if isinstance(value, dict)
        else str(value)
        for name, value in dataclasses.asdict(card).items()
    }
