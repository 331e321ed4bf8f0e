"""A report as one HTML page: every chart, the errors, the card. It works offline."""

from __future__ import annotations

import base64
import dataclasses
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

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

__all__ = ["report_html"]

_TEMPLATE = ASSETS / "report.html"
# Errors shown of a model; a poor one has thousands.
_ERRORS = 200
_PACKAGES = ("numpy", "scipy", "scikit-learn", "plotly", "ai-edge-litert", "opencv-python-headless")


# All of the test images.
_ALL = 10_000
# It is looked so often how far a measurement is, seconds.
_LOOK_EVERY = 0.2

# Title -> what draws the figure.
_Figures = dict[str, "Callable[[], go.Figure]"]


@dataclass(frozen=True, kw_only=True)
class _Chart:
    title: str
    html: str


@dataclass(frozen=True, kw_only=True, eq=False)
class _Look:
    """What takes the network itself, besides its answers; None or empty where it could not be."""

    features: EmbeddingMap | None = None
    robustness: Robustness | None = None
    images: int = 0

    @property
    def missing(self) -> bool:
        """Is a part of the robustness not measured?"""
        return self.robustness is not None and bool(
            np.isnan(np.concatenate(list(self.robustness.accuracy.values()))).any()
        )


def report_html(
    assessments: Sequence[Assessment],
    directory: Path | None = None,
    *,
    load: Callable[[ModelCard], Recognizer] | None = None,
    time_limit: float | None = None,
    on_progress: Callable[[float], None] = lambda share: None,
) -> str:
    """Everything that is to be told of one model or several, judged on one set.

    Args:
        assessments: at least one, all of the same images.
        directory: where the models are instead of `models_directory()`.
        load: gives a model's network, for its map and its robustness, which are measured where
            they were not yet; None leaves both out.
        time_limit: for the measurements, s; the next report resumes them. None: no limit.
        on_progress: is told the share that is measured, 0 to 1.

    Returns:
        A page of 5 MB and more, most of it Plotly.

    Raises:
        DatasetError: none, or of different images.
        ModelLoadError: `load` found a model damaged.
    """
    from jinja2 import Environment
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    digests = {assessment.data.digest for assessment in assessments}
    if len(digests) != 1:
        raise DatasetError(
            "A report is of models judged on one set. Judge them all on the same images. Received: "
            f"{len(assessments)} assessments of {len(digests)} sets"
        )
    pairs = [
        (
            f"{first.card.name} against {second.card.name}",
            compare(first.evaluation, second.evaluation),
        )
        for first, second in combinations(assessments, 2)
    ]
    looks = [_Look() for _ in assessments]
    if load is not None:
        looks = _looks(
            [load(item.card) for item in assessments], directory, time_limit, on_progress
        )
    # Names and settings come from files: whatever is in them is shown as text.
    template = Environment(autoescape=True).from_string(_TEMPLATE.read_text(encoding="utf-8"))
    names = ", ".join(assessment.card.name for assessment in assessments)
    return template.render(
        title=f"Evaluation of {names}",
        data=assessments[0].data,
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        plotly=Markup(get_plotlyjs()),
        percent=_percent,
        points=_points,
        assessments=assessments,
        comparisons=pairs,
        shared=_drawn(_shared(assessments, dict(pairs), looks), "models") if pairs else [],
        details=[
            (
                item,
                _drawn(_figures(item, directory) | _look_figures(look), item.card.name),
                look,
                _errors(item),
            )
            for item, look in zip(assessments, looks, strict=True)
        ],
        cards={item.card.name: _card(item) for item in assessments},
        versions=[("Python", platform.python_version()), *((p, version(p)) for p in _PACKAGES)],
    )


def _looks(
    recognizers: Sequence[Recognizer],
    directory: Path | None,
    time_limit: float | None,
    on_progress: Callable[[float], None],
) -> list[_Look]:
    """The map and the robustness of each model."""
    end = None if time_limit is None else time.monotonic() + time_limit
    looks = []
    for number, recognizer in enumerate(recognizers):
        features: EmbeddingMap | None = None
        # A network that cannot be looked into can still be judged.
        with suppress(ModelLoadError):
            features = build_embedding_map(recognizer, open_activations(recognizer.card, directory))
        # What was measured on all images, if that is there, else what is measured on some.
        job = RobustnessJob(recognizer, _ALL)
        if not job.complete:
            job = RobustnessJob(recognizer, SAMPLE)
            job.start()
            try:
                while not job.wait(_LOOK_EVERY) and (end is None or time.monotonic() < end):
                    on_progress((number + job.progress) / len(recognizers))
            finally:
                job.stop()
        looks.append(_Look(features=features, robustness=job.result, images=job.sample))
    on_progress(1.0)
    return looks


def _shared(
    assessments: Sequence[Assessment], pairs: Mapping[str, Comparison], looks: Sequence[_Look]
) -> _Figures:
    """What shows all the models."""
    figures: _Figures = {
        "Accuracy": lambda: charts.accuracy_intervals(
            {a.card.name: a.evaluation for a in assessments}
        ),
        "Differences": lambda: charts.difference_intervals(pairs),
        "Accuracy against coverage": lambda: charts.coverage_curves(
            {a.card.name: a.coverage for a in assessments}
        ),
    }
    results = [look.robustness for look in looks if look.robustness is not None]
    if results:
        figures["Turned, moved, scaled and noisy"] = lambda: sweep_curves(results)
    return figures


def _look_figures(look: _Look) -> _Figures:
    """The map and the robustness of one model, as far as they are there."""
    figures: _Figures = {}
    features, robustness = look.features, look.robustness
    if features is not None:
        figures["Map, 2-D"] = lambda: map_figure(features)
        figures["Map, 3-D"] = lambda: map_figure(features, axes=3)
    if robustness is not None:
        figures["Corruptions"] = lambda: corruption_heat_map(robustness)
        figures["Turned, moved, scaled and noisy"] = lambda: sweep_curves([robustness])
    return figures


def _figures(item: Assessment, directory: Path | None) -> _Figures:
    """Each chart of one model's answers, and of its training."""
    evaluation = item.evaluation
    figures: _Figures = {
        "Confusion matrix": lambda: charts.confusion_matrix(evaluation),
        "Errors, as shares of the digit": lambda: charts.confusion_matrix(
            evaluation, rates=True, errors_only=True
        ),
        "Digits": lambda: charts.class_bars(evaluation),
        "Confidence of right and wrong answers": lambda: charts.confidence_bars(item.confidences),
        "ROC, the corner": lambda: charts.roc_curves(item.roc, "corner"),
        "ROC, log axis": lambda: charts.roc_curves(item.roc, "log"),
        "Precision and recall, the corner": lambda: charts.precision_recall_curves(
            item.precision_recall, corner=True
        ),
        "Reliability": lambda: charts.reliability_diagram(item.reliability),
        "Accuracy against coverage": lambda: charts.coverage_curves(
            {item.card.name: item.coverage}
        ),
    }
    # A report is worth having without a history; an ensemble has none.
    with suppress(ModelLoadError):
        history = load_history(item.card, directory)
        figures["Training"] = lambda: charts.history_curves(history)
    return figures


def _drawn(figures: _Figures, whose: str) -> list[_Chart]:
    """The figures as HTML; each one's camera saves a PNG of its title and whose it is."""
    from markupsafe import Markup

    return [
        _Chart(
            title=title,
            html=Markup(
                draw().to_html(
                    full_html=False,
                    include_plotlyjs=False,
                    config={
                        "responsive": True,
                        "displaylogo": False,
                        "toImageButtonOptions": {"filename": f"{whose} {title}", "scale": 2},
                    },
                )
            ),
        )
        for title, draw in figures.items()
    ]


def _errors(item: Assessment) -> list[dict[str, Any]]:
    """The worst errors with their images."""
    evaluation = item.evaluation
    return [
        {
            "index": int(index),
            "truth": int(evaluation.labels[index]),
            "answer": int(evaluation.predicted[index]),
            "confidence": float(evaluation.confidences[index]),
            "src": "data:image/png;base64,"
            + base64.b64encode(cv2.imencode(".png", item.data.images[index])[1].tobytes()).decode(),
        }
        for index in evaluation.errors[:_ERRORS]
    ]


def _card(item: Assessment) -> list[tuple[str, str]]:
    """The card's entries as text."""
    return [
        (
            name.replace("_", " "),
            ", ".join(f"{key} {inner}" for key, inner in value.items())
            if isinstance(value, dict)
            else str(value),
        )
        for name, value in dataclasses.asdict(item.card).items()
    ]


def _percent(share: float) -> str:
    return f"{share:.2%}".replace("%", " %")


def _points(difference: float) -> str:
    return f"{100 * difference:+.2f}"
