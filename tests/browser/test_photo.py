"""The Photo tab of the Draw page in a real browser."""

from __future__ import annotations

import re

import cv2
import numpy as np
from browser.conftest import OpenPage
from browser.test_draw import draw, expect_reading, ready
from playwright.sync_api import Page, expect
from support.own_strokes import OWN_STROKES
from support.sheets import sheet
from support.small_pictures import SMALL_PICTURES
from support.strokes import draw_strokes, place_strokes

from mnist_core import Dataset


def upload(page: Page, name: str, content: bytes) -> None:
    page.get_by_role("tab", name=re.compile("Photo")).click()
    files = [{"name": name, "mimeType": "image/png", "buffer": content}]
    chooser = page.locator("input[type=file]")
    expect(chooser).to_have_count(1)  # after a picture, an empty one takes its place
    chooser.set_input_files(files)


def picture_of(digits: tuple[int, ...], suffix: str = ".png") -> bytes:
    """Dark ink on unevenly lit, grainy paper."""
    image = np.zeros((300, 160 * len(digits) + 80), np.uint8)
    for position, digit in enumerate(digits):
        center = (120 + 160 * position, 150)
        draw_strokes(
            place_strokes(OWN_STROKES[digit], side=130, center=center), image=image, brush=11
        )
    paper = 225 - np.linspace(0, 70, image.shape[1])[np.newaxis]
    grain = np.random.default_rng(0).normal(0, 4, image.shape)
    photo = np.clip(paper * (1 - 0.75 * image / 255) + grain, 0, 255).astype(np.uint8)
    return bytes(cv2.imencode(suffix, photo)[1])


def test_uploaded_photos_are_read(app: str, open_page: OpenPage) -> None:
    page = ready(open_page(app))
    # Another number in each format: the reading before must not be taken for this one.
    for suffix, number in ((".png", (4, 7, 2)), (".jpg", (7, 2, 4)), (".webp", (2, 4, 7))):
        upload(page, f"sheet{suffix}", picture_of(number, suffix))
        expect_photo(page, "".join(map(str, number)))
        expect(page.get_by_alt_text(re.compile("with the digits that were found"))).to_be_visible()


def expect_photo(page: Page, number: str) -> None:
    expect(page.locator(".st-key-photo_reading")).to_have_text(re.compile(rf"^\s*{number}\s*$"))


def test_uploaded_mnist_images_are_read(app: str, open_page: OpenPage, dataset: Dataset) -> None:
    page = ready(open_page(app))
    names = ("JPEG 75", "black on white, JPEG 75", "dim, JPEG 75")
    # The first, fourth and fifth test images: 7, 0, 4.
    for name, index in zip(names, (0, 3, 4), strict=True):
        picture = SMALL_PICTURES[name](dataset.x_test[index])
        # The picture is compressed already: a second time at full quality.
        content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 100])[1]
        upload(page, "digit.jpg", bytes(content))
        expect_photo(page, str(dataset.y_test[index]))


def test_uploaded_sheet_on_a_dark_desk_is_read(app: str, open_page: OpenPage) -> None:
    page = ready(open_page(app))
    paper = sheet(4, 0, 7, width=420, height=280, side=110)
    desk = np.clip(np.random.default_rng(3).normal(55, 4, (600, 800, 3)), 0, 255).astype(np.uint8)
    desk[160:440, 190:610] = paper
    upload(page, "desk.png", bytes(cv2.imencode(".png", desk)[1]))
    expect_photo(page, "407")


def test_invalid_files_are_explained(app: str, open_page: OpenPage) -> None:
    page = ready(open_page(app))
    for content, message in (
        (b"Seven.", "a text file"),
        (b"", "This file is empty"),
        (picture_of((7,))[:900], "damaged or truncated"),
    ):
        upload(page, "seven.png", content)
        expect(page.get_by_role("alert")).to_contain_text(message)
        assert "Traceback" not in page.inner_text("body")
    # The canvas still works.
    page.get_by_role("tab", name=re.compile("Draw")).click()
    draw(page, OWN_STROKES[7])
    expect_reading(page, "7")
