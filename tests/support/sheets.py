"""Simulated camera frames of a sheet of paper."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from support.own_strokes import OWN_STROKES
from support.strokes import draw_strokes, place_strokes


def sheet(
    *digits: int,
    width: int = 640,
    height: int = 480,
    side: float = 150,
    paper: int = 200,
    pen: int = 40,
    noise: float = 2,
    at: tuple[float, float] | None = None,
) -> np.ndarray:
    """A BGR frame of a sheet with a number in the middle."""
    x, y = at or (width / 2, height / 2)
    strokes = [
        stroke
        for place, digit in enumerate(digits)
        for stroke in place_strokes(
            OWN_STROKES[digit],
            side=side,
            center=(x + (place - (len(digits) - 1) / 2) * 0.75 * side, y),
        )
    ]
    ink = np.zeros((height, width), np.float32)
    if strokes:
        drawn = draw_strokes(strokes, width=width, height=height, brush=max(4, 0.09 * side))
        ink = drawn.astype(np.float32) / 255
    grey = paper + (pen - paper) * cv2.GaussianBlur(ink, (0, 0), 1)
    grey = grey + np.random.default_rng(7).normal(0, noise, grey.shape)
    return cv2.cvtColor(np.clip(grey, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR)


def film(path: Path, *numbers: str, seconds: int = 2, rate: int = 10) -> Path:
    """A YUV4MPEG2 video, 640x480, that Chromium plays in a loop as its camera.

    Args:
        path: the file, ending in ".y4m".
        numbers: the numbers on the sheet, in this order; "" is an empty sheet.
        seconds: for each number.
        rate: frames per second. A camera has 30; fewer leave more of a test machine to the rest.
    """
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W640 H480 F{rate}:1 Ip A1:1 C420\n".encode())
        for number in numbers:
            frame = sheet(*map(int, number), side=150 if len(number) < 3 else 110)
            planes = cv2.cvtColor(frame, cv2.COLOR_BGR2YUV_I420)
            file.write((b"FRAME\n" + planes.tobytes()) * (seconds * rate))
    return path
