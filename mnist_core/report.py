"""A report as one HTML page: every chart, the errors, the card. It works offline."""

from __future__ import annotations

import base64
import dataclasses
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2

from mnist_core import charts
from mnist_core.assessment import Assessment
from mnist_core.comparison import compare
from mnist_core.errors import DatasetError, ModelLoadError
from mnist_core.predictions import load_history

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["report_html"]

_TEMPLATE = Path(__file__).parent / "assets" / "report.html"
# Errors shown of a model; a poor one has thousands.
_ERRORS = 200
_PACKAGES = ("numpy", "scipy", "scikit-learn", "plotly", "ai-edge-litert", "opencv-python-headless")


@dataclass(frozen=True, kw_only=True)
class _Chart:
    title: str
    html: str


def report_html(assessments: Sequence[Assessment], directory: Path | None = None) -> str:
    """Everything that is to be told of one model or several, judged on one set.

    Args:
        assessments: at least one, all of the same images.
        directory: where to look for the models' histories instead of `models_directory()`.

    Returns:
        A page of 5 MB, most of it Plotly.

    Raises:
        DatasetError: none, or of different images.
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
        (first.card.name, second.card.name, compare(first.evaluation, second.evaluation))
        for first, second in combinations(assessments, 2)
    ]
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
        shared=_drawn(_shared(assessments)) if pairs else [],
        details=[(item, _drawn(_figures(item, directory)), _errors(item)) for item in assessments],
        cards={item.card.name: _card(item) for item in assessments},
        versions=[("Python", platform.python_version()), *((p, version(p)) for p in _PACKAGES)],
    )


def _shared(assessments: Sequence[Assessment]) -> list[tuple[str, Callable[[], go.Figure]]]:
    """Title and figure of what shows all the models."""
    return [
        (
            "Accuracy",
            lambda: charts.accuracy_intervals({a.card.name: a.evaluation for a in assessments}),
        ),
        (
            "Accuracy against coverage",
            lambda: charts.coverage_curves({a.card.name: a.coverage for a in assessments}),
        ),
    ]


def _figures(item: Assessment, directory: Path | None) -> list[tuple[str, Callable[[], go.Figure]]]:
    """Title and figure of each chart of one model."""
    evaluation = item.evaluation
    figures: list[tuple[str, Callable[[], go.Figure]]] = [
        ("Confusion matrix", lambda: charts.confusion_matrix(evaluation)),
        (
            "Errors, as shares of the digit",
            lambda: charts.confusion_matrix(evaluation, rates=True, errors_only=True),
        ),
        ("Digits", lambda: charts.class_bars(evaluation)),
        ("Confidence of right and wrong answers", lambda: charts.confidence_bars(item.confidences)),
        ("ROC, the corner", lambda: charts.roc_curves(item.roc, "corner")),
        ("ROC, log axis", lambda: charts.roc_curves(item.roc, "log")),
        (
            "Precision and recall, the corner",
            lambda: charts.precision_recall_curves(item.precision_recall, corner=True),
        ),
        ("Reliability", lambda: charts.reliability_diagram(item.reliability)),
        (
            "Accuracy against coverage",
            lambda: charts.coverage_curves({item.card.name: item.coverage}),
        ),
    ]
    try:
        history = load_history(item.card, directory)
    except ModelLoadError:
        # A report is worth having without it.
        return figures
    return [*figures, ("Training", lambda: charts.history_curves(history))]


def _drawn(figures: Sequence[tuple[str, Callable[[], go.Figure]]]) -> list[_Chart]:
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
                        "toImageButtonOptions": {"filename": title, "scale": 2},
                    },
                )
            ),
        )
        for title, draw in figures
    ]


def _errors(item: Assessment) -> list[dict[str, Any]]:
    """The worst errors with their images."""
    evaluation = item.evaluation
    return [
        {
            "index": int(index),
            "truth": int(evaluation.labels[index]),
            "answer": int(evaluation.answers[index]),
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
