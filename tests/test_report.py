"""The report: one page with all of it."""

from __future__ import annotations

import dataclasses
import html.parser

import numpy as np
import pytest

from mnist_core import DatasetError, Recognizer, load_recognizer
from mnist_core.assessment import Assessment, assess
from mnist_core.labelled import LabelledImages, mnist_test
from mnist_core.report import report_html


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


def test_a_report_has_its_numbers_and_loads_nothing(assessments: list[Assessment]) -> None:
    (page, item) = (report_html(assessments[:1]), assessments[0])
    low, high = item.evaluation.interval
    for text in (
        f"{item.evaluation.accuracy:.2%}".replace("%", " %"),
        f"{low:.2%} to {high:.2%}".replace("%", " %"),
        f"{len(item.evaluation.errors)} errors",
        f"{item.coverage.area:.6f}",
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
    assert page.count('class="plotly-graph-div"') == 22


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
