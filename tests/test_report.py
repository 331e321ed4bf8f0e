"""The evaluation report."""

from __future__ import annotations

import dataclasses
import html.parser
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mnist_core import DatasetError, Recognizer, load_recognizer, report
from mnist_core.evaluation.assessment import Assessment, assess
from mnist_core.evaluation.datasets import mnist_test
from mnist_core.evaluation.labelled_images import LabelledImages
from mnist_core.evaluation.metrics import evaluate_probabilities
from mnist_core.perturbations.measurement import EPSILONS, AccuracyCurve
from mnist_core.report import report_html
from mnist_core.robustness import job
from mnist_core.robustness.corruptions import CORRUPTIONS
from mnist_core.robustness.distortions import SWEEPS


@pytest.fixture(scope="module")
def assessments(recognizer: Recognizer) -> list[Assessment]:
    """`cnn` and `mlp` on the test images."""
    cards = [recognizer.card, load_recognizer("mlp").card]
    return [assess(card, mnist_test(), lambda: recognizer) for card in cards]


class Addresses(html.parser.HTMLParser):
    """The addresses that a page would load."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attributes if name in ("src", "href")]


def captions(page: str) -> list[tuple[str, str]]:
    """How to read each chart, and what it shows."""
    return re.findall('<p class="caption">([^<]*) <b>([^<]*)</b></p>', page)


def titles(page: str) -> list[str]:
    """Titles of the charts, in their order."""
    return re.findall("<section><h3>([^<]*)</h3>", page)


@pytest.fixture
def small_sample(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Robustness on five images, with an empty cache, and no attacks, which need TensorFlow."""
    monkeypatch.setattr(report, "SAMPLE", 5)
    monkeypatch.setattr(report, "tensorflow_problem", lambda purpose: f"{purpose}: none here")


def test_report_html_with_load_has_embedding_and_robustness(
    assessments: list[Assessment], recognizer: Recognizer, small_sample: None
) -> None:
    progress: list[float] = []
    page = report_html(assessments[:1], load=lambda card: recognizer, on_progress=progress.append)
    assert titles(page) == [
        "Confusion matrix", "Confusion matrix: error rates", "Per class",
        "ROC, zoomed in", "ROC, log axis", "Precision-recall (PR), zoomed in",
        "Calibration: confidence histogram", "Calibration: reliability diagram",
        "Calibration: accuracy against coverage", "Training curves",
        "Embedding, 2-D", "Embedding, 3-D",
        "Robustness to corruptions", "Robustness to distortions",
    ]  # fmt: skip
    # The camera button of each chart saves it under its own name.
    names = re.findall(r'"toImageButtonOptions": \{"filename": "([^"]*)"', page)
    assert names == [f"cnn {title}" for title in titles(page)]
    for corruption in CORRUPTIONS.values():
        assert corruption.title in page
    for sweep in SWEEPS.values():
        assert sweep.axis.split(",")[0] in page
    assert "on 5 corrupted and distorted\nMNIST test images" in page
    assert "at MNIST-C's own severities" in page.replace("&#39;", "'")
    assert progress == sorted(progress)
    assert progress[-1] == 1
    assert len(captions(page)) == len(titles(page))
    assert all(address.startswith("data:") for address in Addresses(page).found)


def test_report_html_states_robust_accuracy(
    assessments: list[Assessment],
    recognizer: Recognizer,
    small_sample: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    curve = AccuracyCurve(
        row="PGD", levels=EPSILONS, correct=np.array([9, 8, 7, 6, 5, 4, 3]), images=10
    )
    measured = SimpleNamespace(complete=True, curves={"PGD": curve})
    monkeypatch.setattr(report, "tensorflow_problem", lambda purpose: "")
    monkeypatch.setattr(report, "attack_job", lambda *arguments: measured)
    page = report_html(assessments[:1], load=lambda card: recognizer)
    assert titles(page)[-1] == "Robust accuracy"
    row = re.search("<tr><td>PGD</td>.*?</tr>", page, re.DOTALL)
    assert row
    assert re.findall("<td>([^<]*)</td>", row[0]) == [
        "PGD", "90.00%", "70.00%", "50.00%", "30.00%", "10",
    ]  # fmt: skip
    assert "70.0% at 0.1, 50.0% at 0.2 and 30.0% at 0.3 under PGD" in captions(page)[-1][1]


def test_report_html_with_a_time_limit_is_incomplete_and_resumed(
    assessments: list[Assessment],
    recognizer: Recognizer,
    small_sample: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(job, "_POLL_SECONDS", 0.0)
    page = report_html(assessments[:1], load=lambda card: recognizer, time_limit=0.0)
    assert "The time limit was reached" in page
    assert "Robustness to corruptions" in titles(page)
    complete = report_html(assessments[:1], load=lambda card: recognizer)
    assert "The time limit was reached" not in complete


def test_report_html_of_several_models_shares_their_sweeps(
    assessments: list[Assessment], recognizer: Recognizer, small_sample: None
) -> None:
    loaded = {"cnn": recognizer, "mlp": load_recognizer("mlp")}
    page = report_html(assessments, load=lambda card: loaded[card.name])
    assert titles(page)[3] == "Robustness to distortions"
    assert titles(page).count("Robustness to corruptions") == 2
    assert titles(page).count("Embedding, 3-D") == 2


# Case -> predicted digits, labels, and the confidence of all.
EDGE_CASES = {
    "perfect": ([*range(10)], [*range(10)], 1.0),
    "all incorrect": ([*range(1, 10), 0], [*range(10)], 1.0),
    "one image": ([7], [7], 0.9),
    "one incorrect image": ([7], [1], 0.9),
    "missing digits": ([1, 1, 2], [1, 2, 2], 0.8),
    "ties": ([0, 0, 0], [0, 1, 2], 0.1),
}


@pytest.mark.parametrize(("predicted", "labels", "confidence"), EDGE_CASES.values(), ids=EDGE_CASES)
def test_report_html_of_edge_cases(
    predicted: list[int], labels: list[int], confidence: float, assessments: list[Assessment]
) -> None:
    rows = np.full((len(predicted), 10), (1 - confidence) / 9, np.float32)
    rows[np.arange(len(predicted)), predicted] = confidence
    data = LabelledImages(
        name="edge case", images=mnist_test().images[: len(labels)], labels=np.array(labels)
    )
    evaluation = evaluate_probabilities(rows, data.labels)
    items = [dataclasses.replace(item, data=data, evaluation=evaluation) for item in assessments]
    page = report_html(items)
    assert page.count('class="plotly-graph-div"') == 23
    assert all(reading and result for reading, result in captions(page))
    assert len(captions(page)) == 23
    errors = int((np.array(predicted) != labels).sum())
    assert len(Addresses(page).found) == 2 * errors
    assert f"{errors} error{'s' * (errors != 1)}" in page
    assert "1 errors" not in page
    assert "nan" not in re.sub(r"(?s)<script.*?</script>", "", page).lower()


def test_report_html_shows_the_numbers_and_loads_nothing(assessments: list[Assessment]) -> None:
    (page, item) = (report_html(assessments[:1]), assessments[0])
    low, high = item.evaluation.interval
    for text in (
        f"{item.evaluation.accuracy:.2%}",
        f"{low:.2%} to {high:.2%}",
        f"{len(item.evaluation.errors)} errors",
        f"{item.coverage.aurc:.6f}",
        item.card.created,
        item.card.sha256["model.tflite"],
        "scikit-learn 1.",
        "Python 3.",
    ):
        assert text in page, text
    images = Addresses(page).found
    assert len(images) == len(item.evaluation.errors)
    assert all(address.startswith("data:image/png;base64,") for address in images)
    # Plotly once, and a div for each chart.
    assert 4e6 < len(page) < 8e6
    assert page.count('class="plotly-graph-div"') == 10
    assert "McNemar" not in page


def test_report_html_compares_several_models(assessments: list[Assessment]) -> None:
    page = report_html(assessments)
    assert "McNemar" in page
    assert "cnn vs. mlp" in page
    # Ten of each model, and three of both.
    assert titles(page).count("Confusion matrix") == 2
    assert page.count('class="plotly-graph-div"') == 23
    assert titles(page)[:3] == [
        "Accuracy",
        "Accuracy differences",
        "Calibration: accuracy against coverage",
    ]


def test_report_html_escapes_names_from_files(assessments: list[Assessment]) -> None:
    test = mnist_test()
    name = '<script>alert("1")</script>'
    data = LabelledImages(name=name, images=test.images[:3], labels=test.labels[:3], notes=(name,))
    item = assessments[0]
    card = dataclasses.replace(item.card, architecture=name)
    page = report_html([assess(card, data, lambda: load_recognizer("mlp"))])
    assert name not in page
    assert "&lt;script&gt;alert(" in page


def test_report_html_of_a_model_without_history(assessments: list[Assessment]) -> None:
    item = dataclasses.replace(
        assessments[0], card=dataclasses.replace(assessments[0].card, sha256={})
    )
    assert report_html([item]).count('class="plotly-graph-div"') == 9


def test_report_html_rejects_models_on_different_images(assessments: list[Assessment]) -> None:
    test = mnist_test()
    part = LabelledImages(name="part", images=test.images[:9], labels=np.arange(9))
    other = dataclasses.replace(assessments[1], data=part)
    for items in ([], [assessments[0], other]):
        with pytest.raises(DatasetError, match="Received"):
            report_html(items)
