"""The Draw page in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from browser.conftest import OpenPage, running_app
from playwright.sync_api import Locator, Page, expect
from support.own_strokes import OWN_STROKES, SCRIBBLE, STYLES
from support.strokes import (
    DEVELOPMENT_STROKES,
    Stroke,
    load_development_strokes,
    place_strokes,
)

from mnist_core.registry.store import load_card

SIDE = 180
# The model's accuracy on the development strokes is 99%: an error is not the page's.
SAMPLE, MAX_ERRORS = 6, 1


def reading(page: Page) -> Locator:
    return page.locator(".st-key-reading")


def canvas(page: Page) -> Locator:
    return page.locator("canvas").last


def ready(page: Page) -> Page:
    """Wait until the canvas is ready."""
    expect(reading(page)).to_contain_text("Draw a digit")
    canvas(page).wait_for()
    return page


def draw(page: Page, strokes: list[Stroke], *, side: float = SIDE, x: float = 140) -> None:
    """Draw with the mouse; `x` is the digit's center on the canvas, in canvas pixels."""
    box = canvas(page).bounding_box()
    assert box
    center = (box["x"] + x, box["y"] + box["height"] / 2)
    for stroke in place_strokes(strokes, side=side, center=center):
        page.mouse.move(*stroke[0])
        page.mouse.down()
        for point in stroke[1:]:
            page.mouse.move(*point)
        page.mouse.up()


def wait_for_width(page: Page, width: int) -> None:
    expect(canvas(page)).to_have_attribute("width", str(width))


def expect_reading(page: Page, number: str) -> None:
    expect(reading(page)).to_have_text(re.compile(rf"^\s*{number}\s*$"))


def clear(page: Page) -> None:
    page.locator(".st-key-clear button:visible").click()
    expect(reading(page)).to_contain_text("Draw a digit")


def test_digits_of_our_own_strokes_are_read_and_nothing_before(
    app: str, open_page: OpenPage
) -> None:
    page = ready(open_page(app))
    assert not re.search(r"\d", reading(page).inner_text())
    expect(page.locator(".stPlotlyChart")).to_have_count(0)
    for digit, strokes in OWN_STROKES.items():
        draw(page, strokes)
        expect_reading(page, str(digit)[0])
        clear(page)


@pytest.mark.slow
@pytest.mark.skipif(
    not DEVELOPMENT_STROKES.exists(), reason="the development strokes are not beside this checkout"
)
def test_digits_of_other_peoples_strokes_are_read(app: str, open_page: OpenPage) -> None:
    strokes, labels = load_development_strokes()
    chosen = np.random.default_rng(5).choice(len(labels), SAMPLE, replace=False)
    page = ready(open_page(app))
    wrong = []
    for index in chosen:
        draw(page, strokes[index])
        expect(reading(page)).to_have_text(re.compile(r"^\s*\d+\s*$"))
        page.wait_for_timeout(300 * len(strokes[index]))  # until all its strokes are read
        answer = reading(page).inner_text().strip()
        if answer != str(labels[index]):
            wrong.append((int(index), int(labels[index]), answer))
        clear(page)
    assert len(wrong) <= MAX_ERRORS, wrong


def test_number_of_three_digits_has_a_card_for_each(app: str, open_page: OpenPage) -> None:
    page = ready(open_page(app))
    page.get_by_text("A number", exact=True).click()
    wait_for_width(page, 560)
    for position, digit in enumerate((4, 7, 2)):
        draw(page, OWN_STROKES[digit], side=150, x=110 + 170 * position)
    expect_reading(page, "472")
    expect(page.locator(".stPlotlyChart")).to_have_count(3)
    expect(page.get_by_alt_text(re.compile("as the network saw it"))).to_have_count(3)
    body = page.locator(".stMain").inner_text()
    assert re.search(r"Read in \d+\.\d ms by champion", body)
    assert len(re.findall(r"[472]\s+\d+\.\d%", body)) >= 3
    clear(page)


def test_keys_p_and_c_read_and_clear(app: str, open_page: OpenPage) -> None:
    page = ready(open_page(app))
    page.get_by_text("Read as I draw").click()
    page.wait_for_timeout(500)
    draw(page, OWN_STROKES[3])
    page.wait_for_timeout(1000)
    assert not re.search(r"\d", reading(page).inner_text()), "it read before the key press"
    page.keyboard.press("p")
    expect_reading(page, "3")
    page.keyboard.press("c")
    expect(reading(page)).to_contain_text("Draw a digit")
    # Streamlit's own dialog for the key "c" must not open.
    expect(page.get_by_role("dialog")).to_have_count(0)
    canvas(page).wait_for()
    draw(page, OWN_STROKES[6])
    page.wait_for_timeout(500)
    page.locator(".st-key-read button:visible").click()
    expect_reading(page, "6")


def test_second_stroke_is_read_and_undo_removes_it(app: str, open_page: OpenPage) -> None:
    page = ready(open_page(app))
    draw(page, OWN_STROKES[1], side=150, x=60)
    expect_reading(page, "1")
    draw(page, OWN_STROKES[0], side=110, x=200)
    expect_reading(page, "10")
    box = canvas(page).bounding_box()
    assert box
    page.mouse.move(box["x"] + 100, box["y"] + 20)
    page.get_by_title("Undo").click()
    expect_reading(page, "1")


@pytest.mark.slow
def test_brush_has_the_width_of_the_slider(app: str, open_page: OpenPage) -> None:
    page = ready(open_page(app))
    slider = page.locator(".st-key-brush").get_by_role("slider")
    slider.focus()
    for _ in range(10):
        slider.press("ArrowLeft")
    expect(slider).to_have_value("8")
    page.wait_for_timeout(500)
    box = canvas(page).bounding_box()
    assert box
    page.mouse.move(box["x"] + 140, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 140, box["y"] + 220, steps=10)
    page.mouse.up()
    expect_reading(page, "1")
    page.mouse.move(5, 5)
    shot = canvas(page).screenshot()
    pixels = cv2.imdecode(np.frombuffer(shot, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert abs(int((pixels[140] > 128).sum()) - 8) <= 1


@pytest.mark.slow
def test_chosen_model_reads(app: str, open_page: OpenPage) -> None:
    page = ready(open_page(app))
    accuracy = f"{load_card('champion').test_accuracy:.2%}"
    expect(page.get_by_text(f"{accuracy} of 10,000 MNIST test images")).to_be_visible()
    draw(page, OWN_STROKES[2])
    expect_reading(page, "2")
    page.get_by_role("combobox").click()
    page.get_by_role("option", name=re.compile("mlp")).click()
    expect(page.get_by_text(re.compile(r"Read in .* by mlp"))).to_be_visible()
    expect(reading(page)).to_have_text(re.compile(r"\d"))


@pytest.mark.slow
def test_stroke_right_after_clearing_is_kept(app: str, open_page: OpenPage) -> None:
    page = ready(open_page(app))
    for digit in (2, 6, 3):
        draw(page, OWN_STROKES[digit])
        expect_reading(page, str(digit))
        page.keyboard.press("c")
        expect(reading(page)).to_contain_text("Draw a digit")


@pytest.mark.slow
def test_wider_canvas_keeps_the_drawing(app: str, open_page: OpenPage) -> None:
    page = ready(open_page(app))
    draw(page, OWN_STROKES[6], side=150)
    expect_reading(page, "6")
    page.get_by_text("A number", exact=True).click()
    wait_for_width(page, 560)
    expect_reading(page, "6")
    draw(page, OWN_STROKES[1], side=150, x=400)
    expect_reading(page, "61")


@pytest.mark.slow
def test_visitors_have_separate_drawings(app: str, open_page: OpenPage) -> None:
    one, other = ready(open_page(app)), ready(open_page(app))
    draw(one, OWN_STROKES[5])
    draw(other, OWN_STROKES[8])
    expect_reading(one, "5")
    expect_reading(other, "8")


def test_touching_number_drawn_by_mouse_is_read(app: str, open_page: OpenPage) -> None:
    page = ready(open_page(app))
    page.get_by_text("A number", exact=True).click()
    wait_for_width(page, 560)
    page.wait_for_timeout(300)
    # In one go: the digits touch, so they are one piece of ink.
    for place, digit in enumerate((1, 0, 0, 0)):
        draw(page, OWN_STROKES[digit], side=120, x=120 + 80 * place)
    expect_reading(page, "1000")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_fits_on_a_phone(app: str, open_page: OpenPage, scheme: str) -> None:
    page = ready(open_page(app, width=390, height=844, color_scheme=scheme))
    draw(page, OWN_STROKES[7])
    expect_reading(page, "7")
    overflow = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) <= 0
    for number, side in (("A number", 358), ("One digit", 280)):
        page.get_by_text(number, exact=True).click()
        wait_for_width(page, 560 if number == "A number" else 280)
        page.wait_for_timeout(300)  # until the style is applied
        box = canvas(page).bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert box["width"] <= side


def test_number_drawn_on_a_phone_is_read(app: str, open_page: OpenPage) -> None:
    page = ready(open_page(app, width=390, height=844))
    page.get_by_text("A number", exact=True).click()
    wait_for_width(page, 560)
    for position, digit in enumerate((3, 0)):
        draw(page, OWN_STROKES[digit], side=100, x=100 + 130 * position)
    expect_reading(page, "30")


@pytest.mark.slow
def test_touch_draws_without_scrolling_the_page(app: str, open_page: OpenPage) -> None:
    page = ready(open_page(app, width=390, height=844, has_touch=True, is_mobile=True))
    box = canvas(page).bounding_box()
    assert box
    center = (box["x"] + 140, box["y"] + 140)
    touch = page.context.new_cdp_session(page)
    for stroke in place_strokes(STYLES["7 with a bar"][1], side=SIDE, center=center):
        for number, (x, y) in enumerate(stroke):
            kind = "touchMove" if number else "touchStart"
            points = {"type": kind, "touchPoints": [{"x": x, "y": y}]}
            touch.send("Input.dispatchTouchEvent", points)
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect_reading(page, "7")
    assert page.evaluate("document.querySelector('.stMain').scrollTop") == 0


@pytest.mark.slow
def test_scribble_is_shown_as_a_non_digit(
    tmp_path: Path, linear_models: Path, open_page: OpenPage
) -> None:
    with running_app(tmp_path / "log.txt", MNIST_MODELS=str(linear_models)) as address:
        page = ready(open_page(address))
        draw(page, SCRIBBLE, side=130)
        expect_reading(page, "Not a digit")
        guess = re.compile(r"It looks most like an? \d, \d+\.\d%\.\s+Read in .* by detecting")
        expect(page.get_by_text(guess)).to_be_visible()
        clear(page)
        # In a number it is a "?". The cards have room below the wider canvas.
        page.get_by_text("A number", exact=True).click()
        wait_for_width(page, 560)
        for x, strokes in ((100, OWN_STROKES[4]), (280, SCRIBBLE), (460, OWN_STROKES[7])):
            draw(page, strokes, side=130, x=x)
        expect_reading(page, r"4\?7")
        expect(reading(page).get_by_role("img", name="not a digit")).to_have_text("?")
        box = reading(page).bounding_box()
        assert box
        assert box["width"] >= 400


@pytest.mark.slow
def test_app_without_models_trains_the_quick_one(tmp_path: Path, open_page: OpenPage) -> None:
    models = tmp_path / "models"
    # At a lower priority the training would wait for the tests.
    environment = {"MNIST_MODELS": str(models), "MNIST_TRAINING_NICE": "0"}
    with running_app(tmp_path / "log.txt", **environment) as address:
        page = open_page(address)
        expect(page.get_by_text("Training the first model")).to_be_visible()
        status = page.locator(".st-key-training_status")
        expect(status).to_contain_text(re.compile(r"accuracy \d+\.\d%, loss"), timeout=60_000)
        # The training continues without its visitor, and the next one sees the same run.
        page.reload()
        expect(status).to_contain_text(re.compile(r"accuracy \d+\.\d%, loss"))
        expect(reading(page)).to_contain_text("Draw a digit", timeout=240_000)
        canvas(page).wait_for()
        draw(page, OWN_STROKES[7])
        expect_reading(page, "7")
    assert {path.name for path in models.iterdir()} == {"cnn"}
