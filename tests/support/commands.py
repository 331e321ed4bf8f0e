"""The command line in a process of its own, and images for it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
from support.strokes import Stroke, draw_strokes, place_strokes

ROOT = Path(__file__).resolve().parents[2]


def run_command(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m mnist_core` with these arguments and environment variables."""
    return subprocess.run(
        [sys.executable, "-m", "mnist_core", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | environment,
        check=False,
    )


def write_image(path: Path, *drawings: Sequence[Stroke]) -> Path:
    """Write an image of drawings side by side, dark ink on white."""
    image = draw_strokes([], width=50 + 170 * len(drawings))
    for position, strokes in enumerate(drawings):
        center = (110 + 170 * position, 140)
        draw_strokes(place_strokes(strokes, side=150, center=center), image=image)
    cv2.imwrite(str(path), 255 - image)
    return path
