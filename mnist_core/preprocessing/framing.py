"""Any image to MNIST frames, the same way for canvas, photograph and webcam.

    pixels        images.py        decoded, checked and shrunk to at most 1600 px a side
    ink           ink.py           from 0 for background to 255, by drawing.py or photo.py, without
                                   ruled lines (line_detection.py, ruled_lines.py, line_remains.py)
    components    components.py    connected ink
    grouping      grouping.py      components of one digit are merged
    segmentation  segmentation.py  specks and border objects are left out; reading order
    framing       this module      each digit is scaled and centered: (28, 28), white on black

`inference.recognizer` reads the frames. A frame is made the way MNIST was: the digit is scaled,
anti-aliased and with its aspect ratio kept, so that its longer side is 20 px, then placed into
28x28 with its center of mass in the middle (LeCun et al., 1998). In all 60,000 training images of
MNIST the center of mass is within half a pixel of (14, 14).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import cv2
import numpy as np

from mnist_core.data import FRAME_SIZE
from mnist_core.errors import require_choice
from mnist_core.preprocessing.background import background_unevenness
from mnist_core.preprocessing.grey import SOFT_EDGE, Image, binarize, scaled_size, shrink, to_grey
from mnist_core.preprocessing.images import check_image
from mnist_core.preprocessing.ink import Ink, InkMap, flatten_alpha, ink_map
from mnist_core.preprocessing.photo import measure_polarity
from mnist_core.preprocessing.plain import plain_ink
from mnist_core.preprocessing.segmentation import Box, InkedDigit, Mark, find_digits
from mnist_core.preprocessing.surface import Surface, view_row
from mnist_core.preprocessing.surface_search import find_surfaces

__all__ = [
    "LINE_HEIGHT",
    "LINE_MARGIN",
    "Box",
    "Extract",
    "FramedDigit",
    "Ink",
    "extract_digits",
    "extract_inverted_digits",
    "extract_plain_digits",
    "extract_row",
    "extract_surfaces",
    "frame_digit",
    "frame_found",
    "frame_line",
    "frame_piece",
]

# In pixels: the longer side of a digit in its frame.
_DIGIT_SIZE = 20
# In pixels: the height of a line for the string network, the empty rows above and below its ink,
# and the empty columns on both sides. The ink is at most this many times as wide as high.
LINE_HEIGHT, _LINE_ROWS, LINE_MARGIN, _MAX_LINE_WIDTH = 32, 2, 6, 12
# Larger images are shrunk first, to this many pixels: digits that can be read stay readable.
_WORKING_SIDE = 1600


@dataclass(frozen=True, kw_only=True, eq=False)
class FramedDigit:
    """A digit found in an image.

    Attributes:
        box: (x, y, width, height) in pixels of the image.
        frame: (28, 28) uint8, white ink on black.
        ink: (h, w) uint8, 0 to 255: the ink that the frame was made of, in pixels of the ink
            map.
        unevenness: of the background in a photograph (see `background`); 0 in a drawing.
    """

    box: Box
    frame: Image
    ink: Image
    unevenness: float = 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Extract:
    """What was found in an image.

    Attributes:
        digits: in reading order; empty for an image without ink.
        left_out: the marks of ink that belong to no digit; boxes in pixels of the image.
        erased: True if ruled lines were erased.
        drawn: True for a drawing made on a screen.
    """

    digits: list[FramedDigit]
    left_out: list[Mark]
    erased: bool
    drawn: bool


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
    shrunk, _ = shrink(image, _WORKING_SIDE)
    return _frame_all(ink_map(shrunk, ink, keep_lines=keep_lines), image.shape)


def extract_inverted_digits(image: Image) -> Extract:
    """Find digits as `extract_digits` does in a photograph, with the polarity not measured.

    Args:
        image: as checked by `extract_digits`.
    """
    shrunk, _ = shrink(image, _WORKING_SIDE)
    measured = measure_polarity(to_grey(flatten_alpha(shrunk, "auto")))
    return _frame_all(ink_map(shrunk, "dark" if measured == "light" else "light"), image.shape)


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
    digits = [
        replace(digit, box=_scale_box(digit.box, scale, width, height))
        for digit in frame_found(inked, found.digits)
    ]
    left_out = [
        replace(mark, box=_scale_box(mark.box, scale, width, height)) for mark in found.left_out
    ]
    return Extract(
        digits=digits, left_out=left_out, erased=inked.ruled is not None, drawn=inked.drawn
    )


def frame_found(inked: InkMap, digits: Sequence[InkedDigit]) -> list[FramedDigit]:
    """Make the frames of digits that were found in an ink map, with boxes in its pixels."""
    if inked.grey is None:
        return [FramedDigit(box=d.box, frame=frame_digit(d), ink=d.ink) for d in digits]
    solid = binarize(inked.ink, SOFT_EDGE - 1)
    if inked.ruled is not None:  # a line beside a digit is no part of its background
        solid[inked.ruled.across | inked.ruled.down] = 255
    return [
        FramedDigit(
            box=digit.box,
            frame=frame_digit(digit),
            ink=digit.ink,
            unevenness=background_unevenness(inked.grey, solid, digit.box),
        )
        for digit in digits
    ]


def frame_digit(digit: InkedDigit) -> Image:
    """Make the MNIST frame of one digit.

    Args:
        digit: its ink, cut out to its box.

    Returns:
        (28, 28) uint8, white ink on black, as bright at its brightest pixel as the digit's ink.
    """
    ink = digit.ink
    scale = _DIGIT_SIZE / max(ink.shape)
    if scale != 1:
        # Area averaging can only shrink.
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        ink = cv2.resize(ink, scaled_size(ink.shape, scale), interpolation=interpolation)
        # Averaging makes a thin stroke grey; MNIST's ink is white.
        ink = cv2.convertScaleAbs(ink, alpha=float(digit.ink.max()) / max(float(ink.max()), 1.0))
    moments = cv2.moments(ink)
    mass = max(moments["m00"], 1e-9)
    frame = np.zeros((FRAME_SIZE, FRAME_SIZE), np.uint8)
    top = _first_pixel(moments["m01"] / mass, ink.shape[0])
    left = _first_pixel(moments["m10"] / mass, ink.shape[1])
    frame[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return frame


def frame_piece(whole: FramedDigit, piece: InkedDigit) -> FramedDigit:
    """Make the frame of a piece that was cut from ink; its box is in pixels of `whole.ink`."""
    left, top, width, height = whole.box
    rows, columns = whole.ink.shape
    x, y, piece_width, piece_height = piece.box
    box = (
        left + round(x * width / columns),
        top + round(y * height / rows),
        max(1, round(piece_width * width / columns)),
        max(1, round(piece_height * height / rows)),
    )
    return FramedDigit(
        box=box, frame=frame_digit(piece), ink=piece.ink, unevenness=whole.unevenness
    )


def frame_line(ink: Image) -> Image:
    """Make the image of digits that touch, for the string network.

    Args:
        ink: (h, w) uint8, 0 for background to 255 for full ink, cut to its box.

    Returns:
        (`LINE_HEIGHT`, w') uint8: the ink, scaled to the same height, between empty margins.
    """
    height, width = ink.shape
    inner = LINE_HEIGHT - 2 * _LINE_ROWS
    scale = min(inner / height, inner * _MAX_LINE_WIDTH / width)
    line = np.zeros((LINE_HEIGHT, round(width * scale) + 2 * LINE_MARGIN), np.uint8)
    columns, rows = scaled_size(ink.shape, scale)
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(ink, (columns, rows), interpolation=interpolation)
    scaled = cv2.convertScaleAbs(scaled, alpha=255 / max(float(scaled.max()), 1.0))
    first = (LINE_HEIGHT - rows) // 2
    line[first : first + rows, LINE_MARGIN : LINE_MARGIN + columns] = scaled
    return line


def _first_pixel(center_of_mass: float, length: int) -> int:
    """Where the ink begins in the frame: centered by its mass, but wholly inside."""
    return min(max(round(FRAME_SIZE / 2 - center_of_mass), 0), FRAME_SIZE - length)


def _scale_box(box: Box, scale: float, width: int, height: int) -> Box:
    """Scale a box to pixels of an image of that width and height, within the image."""
    if scale == 1:
        return box
    left, top = int(box[0] * scale), int(box[1] * scale)
    right = min(width, round((box[0] + box[2]) * scale))
    bottom = min(height, round((box[1] + box[3]) * scale))
    return left, top, max(1, right - left), max(1, bottom - top)
