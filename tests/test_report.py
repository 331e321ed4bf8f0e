"""The report: one page with all of it."""

from __future__ import annotations

import dataclasses
import html.parser
import re
from pathlib import Path

import numpy as np
import pytest

from mnist_core import DatasetError, Recognizer, load_recognizer, report
from mnist_core.evaluation.assessment import Assessment, assess
from mnist_core.evaluation.datasets import mnist_test
from mnist_core.evaluation.labelled_images import LabelledImages
from mnist_core.evaluation.metrics import evaluate_probabilities
from mnist_core.report import report_html
from mnist_core.robustness.corruptions import CORRUPTIONS
from mnist_core.robustness.distortions import SWEEPS


@pytest.fixture(scope="module")
def assessments(recognizer: Recognizer) -> list[Assessment]:
    """`cnn` and `mlp` on the test images."""
    cards = [recognizer.card, load_recognizer("mlp").card]
    return [assess(card, mnist_test(), lambda: recognizer) for card in cards]


class Addresses(html.parser.HTMLParser):
    """Everything that a page would load."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attributes if name in ("src", "href")]


def titles(page: str) -> list[str]:
    """Of the charts, in their order."""
    return re.findall("<section><h3>([^<]*)</h3>", page)


@pytest.fixture
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Robustness on a few images, kept apart from what was measured before."""
    monkeypatch.setattr(report, "SAMPLE", 5)
    monkeypatch.setenv("MNIST_CACHE", str(tmp_path))


def test_a_report_has_the_map_and_the_robustness(
    assessments: list[Assessment], recognizer: Recognizer, few: None
) -> None:
    told: list[float] = []
    page = report_html(assessments[:1], load=lambda card: recognizer, on_progress=told.append)
    assert titles(page) == [
        "Confusion matrix", "Errors, as shares of the digit", "Digits",
        "Confidence of right and wrong answers", "ROC, the corner", "ROC, log axis",
        "Precision and recall, the corner", "Reliability", "Accuracy against coverage", "Training",
        "Map, 2-D", "Map, 3-D", "Corruptions", "Turned, moved, scaled and noisy",
    ]  # fmt: skip
    # Each chart's camera saves it under its own name.
    names = re.findall(r'"toImageButtonOptions": \{"filename": "([^"]*)"', page)
    assert names == [f"cnn {title}" for title in titles(page)]
    for what in (*CORRUPTIONS.values(), *SWEEPS.values()):
        assert (what.title if hasattr(what, "title") else what.axis.split(",")[0]) in page
    assert "5 MNIST\ntest images" in page
    assert "at MNIST-C's own severities" in page.replace("&#39;", "'")
    assert told == sorted(told)
    assert told[-1] == 1
    assert all(address.startswith("data:") for address in Addresses(page).found)


def test_a_report_does_not_wait_longer_than_it_may(
    assessments: list[Assessment],
    recognizer: Recognizer,
    few: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(report, "_LOOK_EVERY", 0.0)
    page = report_html(assessments[:1], load=lambda card: recognizer, time_limit=0.0)
    assert "not all of it was measured in time" in page
    assert "Corruptions" in titles(page)
    # What is missing comes with the next one.
    whole = report_html(assessments[:1], load=lambda card: recognizer)
    assert "not all of it" not in whole


def test_several_models_share_their_sweeps(
    assessments: list[Assessment], recognizer: Recognizer, few: None
) -> None:
    loaded = {"cnn": recognizer, "mlp": load_recognizer("mlp")}
    page = report_html(assessments, load=lambda card: loaded[card.name])
    assert titles(page)[3] == "Turned, moved, scaled and noisy"
    assert titles(page).count("Corruptions") == titles(page).count("Map, 3-D") == 2


# Perfect, worst, one image, a digit missing, all of one confidence.
ODD = {
    "perfect": ([*range(10)], [*range(10)], 1.0),
    "worst": ([*range(1, 10), 0], [*range(10)], 1.0),
    "one image": ([7], [7], 0.9),
    "one wrong image": ([7], [1], 0.9),
    "missing": ([1, 1, 2], [1, 2, 2], 0.8),
    "ties": ([0, 0, 0], [0, 1, 2], 0.1),
}


@pytest.mark.parametrize(("answers", "labels", "confidence"), ODD.values(), ids=ODD)
def test_odd_answers_have_a_report(
    answers: list[int], labels: list[int], confidence: float, assessments: list[Assessment]
) -> None:
    rows = np.full((len(answers), 10), (1 - confidence) / 9, np.float32)
    rows[np.arange(len(answers)), answers] = confidence
    data = LabelledImages(
        name="odd", images=mnist_test().images[: len(labels)], labels=np.array(labels)
    )
    evaluation = evaluate_probabilities(rows, data.labels)
    items = [dataclasses.replace(item, data=data, evaluation=evaluation) for item in assessments]
    page = report_html(items)
    assert page.count('class="plotly-graph-div"') == 23
    errors = int((np.array(answers) != labels).sum())
    assert len(Addresses(page).found) == 2 * errors
    assert f"{errors} error{'s' * (errors != 1)}" in page
    assert "1 errors" not in page
    assert "nan" not in re.sub(r"(?s)<script.*?</script>", "", page).lower()


def test_a_report_has_its_numbers_and_loads_nothing(assessments: list[Assessment]) -> None:
    (page, item) = (report_html(assessments[:1]), assessments[0])
    low, high = item.evaluation.interval
    for text in (
        f"{item.evaluation.accuracy:.2%}".replace("%", " %"),
        f"{low:.2%} to {high:.2%}".replace("%", " %"),
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
    # Plotly itself once, and a div for each chart.
    assert 4e6 < len(page) < 8e6
    assert page.count('class="plotly-graph-div"') == 10
    assert "Is the difference real?" not in page


def test_several_models_are_compared(assessments: list[Assessment]) -> None:
    page = report_html(assessments)
    assert "Is the difference real?" in page
    assert "cnn against mlp" in page
    # Ten of each, and three of both: accuracies, their difference, coverage.
    assert titles(page).count("Confusion matrix") == 2
    assert page.count('class="plotly-graph-div"') == 23
    assert titles(page)[:3] == ["Accuracy", "Differences", "Accuracy against coverage"]


def test_what_a_file_is_called_is_text(assessments: list[Assessment]) -> None:
    test = mnist_test()
    name = '<script>alert("1")</script>'
    data = LabelledImages(name=name, images=test.images[:3], labels=test.labels[:3], notes=(name,))
    item = assessments[0]
    card = dataclasses.replace(item.card, architecture=name)
    page = report_html([assess(card, data, lambda: load_recognizer("mlp"))])
    assert name not in page
    assert "&lt;script&gt;alert(" in page


def test_a_model_without_a_history_has_a_report(assessments: list[Assessment]) -> None:
    item = dataclasses.replace(
        assessments[0], card=dataclasses.replace(assessments[0].card, sha256={})
    )
    assert report_html([item]).count('class="plotly-graph-div"') == 9


def test_models_on_other_images_are_not_in_one_report(assessments: list[Assessment]) -> None:
    test = mnist_test()
    part = LabelledImages(name="part", images=test.images[:9], labels=np.arange(9))
    other = dataclasses.replace(assessments[1], data=part)
    for items in ([], [assessments[0], other]):
        with pytest.raises(DatasetError, match="Received"):
            report_html(items)
