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
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.charts.captions import Caption
from mnist_core.charts.collection import (
    CaptionedFigure,
    Measurements,
    figures_of_model,
    figures_of_several,
)
from mnist_core.errors import DatasetError, ModelLoadError
from mnist_core.evaluation.assessment import Assessment
from mnist_core.evaluation.comparison import compare
from mnist_core.evaluation.datasets import mnist_test
from mnist_core.explanation.activations import open_activations
from mnist_core.explanation.embedding_map import EmbeddingMap, build_embedding_map
from mnist_core.explanation.keras_process import keras_process
from mnist_core.inference.recognizer import Recognizer
from mnist_core.networks.packages import tensorflow_problem
from mnist_core.perturbations.measurement import STATED, AccuracyCurve, attack_job
from mnist_core.registry.card import KERAS, ModelCard
from mnist_core.robustness.measurement import SAMPLE, RobustnessJob
from mnist_core.storage.paths import ASSETS

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["report_html"]

_PACKAGES = ("numpy", "scipy", "scikit-learn", "plotly", "ai-edge-litert", "opencv-python-headless")
# Errors shown per model; a poor one has thousands.
_MAX_ERRORS = 200
_ALL_TEST_IMAGES = 10_000


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
    measurements = [Measurements() for _ in assessments]
    if load is not None:
        recognizers = [load(item.card) for item in assessments]
        measurements = _measure(recognizers, directory, time_limit, on_progress)
    shared = figures_of_several(assessments, comparisons, measurements) if comparisons else {}
    return _template().render(
        title=f"Evaluation of {', '.join(assessment.card.name for assessment in assessments)}",
        data=assessments[0].data,
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        plotly=get_plotlyjs(),
        assessments=assessments,
        comparisons=comparisons,
        shared=_charts(shared, "models"),
        details=[
            (item, _charts(figures_of_model(item, measured, directory), item.card.name), measured)
            for item, measured in zip(assessments, measurements, strict=True)
        ],
        max_errors=_MAX_ERRORS,
        stated=STATED,
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
) -> list[Measurements]:
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
        attacks = _attack(recognizer, deadline)
        measurements.append(Measurements(embedding, job.result, attacks))
    on_progress(1.0)
    return measurements


def _attack(recognizer: Recognizer, deadline: float) -> dict[str, AccuracyCurve]:
    """The accuracy under attacks; {} without TensorFlow or the Keras model."""
    if tensorflow_problem("An attack") or KERAS not in recognizer.card.sha256:
        return {}
    job = attack_job(keras_process(), recognizer, mnist_test())
    if not job.complete:
        job.run(lambda share: None, time_limit=deadline - time.monotonic())
    return job.curves


def _charts(figures: Mapping[str, CaptionedFigure], owner: str) -> dict[str, tuple[str, Caption]]:
    """Title -> HTML and caption; the camera button saves a PNG named after owner and title."""
    return {
        title: (
            figure.to_html(
                full_html=False,
                include_plotlyjs=False,
                config={
                    "responsive": True,
                    "displaylogo": False,
                    "toImageButtonOptions": {"filename": f"{owner} {title}", "scale": 2},
                },
            ),
            caption,
        )
        for title, (figure, caption) in figures.items()
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
