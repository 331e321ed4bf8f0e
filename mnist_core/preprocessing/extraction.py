"""Any image to the digits in it, the same way for canvas, photograph and webcam.

    pixels        images.py        decoded, checked and shrunk to at most 1600 px a side
    panels        panels.py        rectangles with a background of their own are read one by one
    ink           ink.py           from 0 for background to 255, by drawing.py or photo.py, without
                                   ruled lines (line_detection.py, ruled_lines.py, line_remains.py)
    components    components.py    connected ink
    grouping      grouping.py      components of one digit are merged
    segmentation  segmentation.py  specks and border objects are left out; reading order
    framing       framing.py       each digit is scaled and centered: (28, 28), white on black

`inference.recognizer` reads the frames.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import Literal, get_args

import numpy as np

from mnist_core.errors import require_choice
from mnist_core.preprocessing.framing import FramedDigit, frame_found
from mnist_core.preprocessing.grey import Image, shrink, to_grey
from mnist_core.preprocessing.images import check_image
from mnist_core.preprocessing.ink import Ink, InkMap, flatten_alpha, ink_map
from mnist_core.preprocessing.panels import erase_panels, find_panels, panel_ink
from mnist_core.preprocessing.photo import measure_polarity
from mnist_core.preprocessing.plain import plain_ink
from mnist_core.preprocessing.rows import reading_order
from mnist_core.preprocessing.segmentation import Box, InkedDigit, Mark, find_digits
from mnist_core.preprocessing.surface import Surface, view_row
from mnist_core.preprocessing.surface_search import find_surfaces

__all__ = [
    "Box",
    "Extract",
    "Ink",
    "extract_digits",
    "extract_inverted_digits",
    "extract_photographed_digits",
    "extract_plain_digits",
    "extract_row",
    "extract_surfaces",
]

# Larger images are shrunk first, to this many pixels: digits that can be read stay readable.
_WORKING_SIDE = 1600
# What stands beside panels, lower than this share of the digits on them, is a title or a scale; a
# panel that is lower than this share of the highest is a button.
_CAPTION = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class Extract:
    """What was found in an image.

    Attributes:
        digits: in reading order; empty for an image without ink.
        left_out: the marks of ink that belong to no digit; boxes in pixels of the image.
        erased: True if ruled lines were erased.
        drawn: True for a drawing made on a screen.
        blurred: True for one that is blurred, or may be overexposed paper.
        small: rows of what is left out as too small or too thin, but may be small writing.
    """

    digits: list[FramedDigit]
    left_out: list[Mark]
    erased: bool
    drawn: bool
    blurred: bool
    small: list[list[FramedDigit]]


def extract_digits(image: Image, ink: Ink = "auto", *, keep_lines: bool = False) -> Extract:
    """Find the digits of an image and make MNIST frames of them.

    Args:
        image: (h, w) grey, (h, w, 3) RGB or (h, w, 4) RGBA, uint8; 1x1 to 64 megapixels.
        ink: "light" or "dark" digits; "auto" measures it.
        keep_lines: True to take ruled lines for ink.

    Raises:
        InvalidImageError: another shape, dtype or size.
        ValueError: another `ink`.
    """
    image = check_image(image)
    require_choice("ink", ink, get_args(Ink), error=ValueError)
    shrunk, scale = shrink(image, _WORKING_SIDE)
    shrunk = flatten_alpha(shrunk, ink)
    on_panels = _extract_from_panels(shrunk, ink, scale, keep_lines=keep_lines)
    if on_panels is not None:
        return on_panels
    return _frame_all(ink_map(shrunk, ink, keep_lines=keep_lines), image.shape)


def _extract_from_panels(
    image: Image, ink: Ink, scale: float, *, keep_lines: bool
) -> Extract | None:
    """Find digits as `extract_digits` does, but on each panel alone, and beside the panels.

    `scale` is that of the image relative to the one whose pixels the boxes are in. None: there is
    no panel with a digit.
    """

    def extract(inked: InkMap, x: int = 0, y: int = 0) -> Extract:
        shape = round(inked.ink.shape[0] / scale), round(inked.ink.shape[1] / scale)
        return _move(_frame_all(inked, shape), round(x / scale), round(y / scale))

    panels = find_panels(image)
    parts = []
    for panel in panels:
        part = panel.crop(image)
        if panel.plain:
            inked = InkMap(ink=panel_ink(part, ink))
        else:
            inked = ink_map(part, ink, keep_lines=keep_lines)
        parts.append(extract(inked, *panel.box[:2]))
    high = [panel.box[3] for panel, part in zip(panels, parts, strict=True) if part.digits]
    if not high:
        return None
    beside = extract(ink_map(erase_panels(image, panels), ink, keep_lines=keep_lines))
    is_button = [panel.box[3] < _CAPTION * max(high) for panel in panels]
    captions = [digit for part in compress(parts, is_button) for digit in part.digits]
    parts = [part for part, small in zip(parts, is_button, strict=True) if not small]
    digits = [digit for part in parts for digit in part.digits]
    low = _CAPTION * float(np.median([digit.box[3] for digit in digits]))
    captions += [digit for digit in beside.digits if digit.box[3] < low]
    others = [digit for digit in beside.digits if digit.box[3] >= low]
    boxes = [panel.box for panel, small in zip(panels, is_button, strict=True) if not small]
    places = [*boxes, *(_scale_box(d.box, scale, *image.shape[1::-1]) for d in others)]
    groups = [*(part.digits for part in parts), *([digit] for digit in others)]
    return Extract(
        digits=[digit for place in reading_order(places) for digit in groups[place]],
        left_out=[mark for part in (*parts, beside) for mark in part.left_out]
        + [Mark(box=digit.box, reason="speck") for digit in captions],
        erased=any(part.erased for part in parts),
        drawn=all(part.drawn for part in parts),
        blurred=any(part.blurred for part in parts),
        small=[row for part in parts for row in part.small],
    )


def _move(extract: Extract, x: int, y: int) -> Extract:
    """What was found in a part of an image whose first pixel is (x, y), with boxes in the image."""

    def moved(box: Box) -> Box:
        return x + box[0], y + box[1], box[2], box[3]

    return replace(
        extract,
        digits=[replace(digit, box=moved(digit.box)) for digit in extract.digits],
        left_out=[replace(mark, box=moved(mark.box)) for mark in extract.left_out],
        small=[[replace(mark, box=moved(mark.box)) for mark in row] for row in extract.small],
    )


def extract_inverted_digits(image: Image) -> Extract:
    """Find digits as `extract_digits` does in a photograph, with the polarity not measured.

    Args:
        image: as checked by `extract_digits`.
    """
    shrunk, _ = shrink(image, _WORKING_SIDE)
    measured = measure_polarity(to_grey(flatten_alpha(shrunk, "auto")))
    return _frame_all(ink_map(shrunk, "dark" if measured == "light" else "light"), image.shape)


def extract_photographed_digits(image: Image, ink: Ink) -> Extract:
    """Find digits as `extract_digits` does, but in a photograph, even if it looks like a drawing.

    Args:
        image: as checked by `extract_digits`.
        ink: "light" or "dark" digits; "auto" measures it.
    """
    shrunk, _ = shrink(image, _WORKING_SIDE)
    return _frame_all(ink_map(shrunk, ink, photographed=True), image.shape)


def extract_plain_digits(image: Image, ink: Literal["light", "dark"]) -> Extract:
    """Find digits as `extract_digits` does, but on a plain background (see `plain`).

    Args:
        image: as checked by `extract_digits`.
        ink: "light" or "dark" digits.
    """
    shrunk, _ = shrink(image, _WORKING_SIDE)
    grey = to_grey(flatten_alpha(shrunk, ink))
    return _frame_all(InkMap(ink=plain_ink(grey, ink)), image.shape)


def extract_surfaces(image: Image, ink: Ink) -> Iterator[tuple[Surface, Extract]]:
    """Find digits as `extract_digits` does, but on each surface (see `surface_search`).

    Args:
        image: as checked by `extract_digits`.
        ink: "light" or "dark" digits; "auto" measures it on each surface.

    Yields:
        A surface, in pixels of the image, and what was found on it; boxes in pixels of the
        straightened surface.
    """
    shrunk, scale = shrink(image, _WORKING_SIDE)
    shrunk = flatten_alpha(shrunk, ink)
    for surface in find_surfaces(shrunk):
        picture = surface.straighten(shrunk)
        yield surface.enlarge(1 / scale), _frame_all(ink_map(picture, ink), picture.shape)


def extract_row(image: Image, ink: Ink, boxes: Sequence[Box]) -> tuple[Surface, Extract]:
    """Find digits as `extract_digits` does, but in a row of digits alone, level.

    Args:
        image: as checked by `extract_digits`.
        ink: "light" or "dark" digits; "auto" measures it.
        boxes: of the row's digits, in pixels of the image.

    Returns:
        As `extract_surfaces` yields.
    """
    row = view_row(boxes)
    picture = row.straighten(flatten_alpha(image, ink))
    return row, _frame_all(ink_map(picture, ink), picture.shape)


def _frame_all(inked: InkMap, shape: tuple[int, ...]) -> Extract:
    """Make the frames of all digits of an ink map, with boxes in an image of this shape."""
    height, width = shape[:2]
    scale = max(height, width) / max(inked.ink.shape)
    found = find_digits(inked.ink, drawn=inked.drawn, lines=inked.lines_down)

    def framed(marks: Sequence[InkedDigit]) -> list[FramedDigit]:
        return [
            replace(digit, box=_scale_box(digit.box, scale, width, height))
            for digit in frame_found(inked, marks)
        ]

    left_out = [
        replace(mark, box=_scale_box(mark.box, scale, width, height)) for mark in found.left_out
    ]
    return Extract(
        digits=framed(found.digits),
        left_out=left_out,
        erased=inked.ruled is not None,
        drawn=inked.drawn,
        blurred=inked.blurred,
        small=[framed(row) for row in found.small],
    )


def _scale_box(box: Box, scale: float, width: int, height: int) -> Box:
    """Scale a box to pixels of an image of that width and height, within the image."""
    if scale == 1:
        return box
    left, top = int(box[0] * scale), int(box[1] * scale)
    right = min(width, round((box[0] + box[2]) * scale))
    bottom = min(height, round((box[1] + box[3]) * scale))
    return left, top, max(1, right - left), max(1, bottom - top)
