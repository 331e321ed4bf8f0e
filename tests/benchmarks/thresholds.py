"""Which threshold parts ink from paper best, in simulated video: a table in Markdown.

    python tests/benchmarks/thresholds.py
    python tests/benchmarks/thresholds.py --frames 20

All ways read the very same frames and go the same way from their ink to the reading; only how ink
is found differs. Ours estimates the light, divides it out, erases ruled lines and takes one
threshold for all that is left. The others are what OpenCV and scikit-image offer.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import video
from papers import SEVERITIES
from support.strokes import DEVELOPMENT_STROKES

from mnist_core import load_recognizer
from mnist_core.preprocessing.ink import Ink, InkMap, ink_map
from mnist_core.webcam import reader

Image = NDArray[np.uint8]
# A local threshold looks so far around, as a share of the box, and wants so many levels.
WINDOW, LEVELS = 0.15, 10


def otsu(grey: Image) -> Image:
    """One threshold for the whole box (N. Otsu, 1979)."""
    _, ink = cv2.threshold(_blurred(grey), 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    return ink


def local_mean(grey: Image) -> Image:
    """Darker than a Gaussian mean around it, by a constant."""
    how = cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY_INV
    return cv2.adaptiveThreshold(_blurred(grey), 255, *how, _window(grey), LEVELS)


def sauvola(grey: Image) -> Image:
    """Darker than the mean around it, by how much it varies there (J. Sauvola, 2000)."""
    from skimage.filters import threshold_sauvola

    return np.where(grey < threshold_sauvola(grey, _window(grey)), np.uint8(255), np.uint8(0))


def flattened_local(grey: Image) -> Image:
    """The light divided out as ours does, then a local threshold."""
    light = cv2.morphologyEx(_blurred(grey), cv2.MORPH_CLOSE, np.ones((_window(grey),) * 2))
    return local_mean(cv2.divide(_blurred(grey), np.maximum(light, 1), scale=255))


def _blurred(grey: Image) -> Image:
    return cv2.GaussianBlur(grey, (0, 0), 1)


def _window(grey: Image) -> int:
    return max(3, round(WINDOW * max(grey.shape)) | 1)


WAYS: dict[str, Callable[[Image], Image] | None] = {
    "flattened, ruled lines erased, global (ours)": None,
    "global": otsu,
    "local mean": local_mean,
    "local, Sauvola": sauvola,
    "flattened, local mean": flattened_local,
}


def main() -> None:
    """Read frames of every severity in every way, and print how many are right."""
    parser = argparse.ArgumentParser(description="Compare thresholds on simulated video.")
    parser.add_argument("--frames", type=int, default=60, help="of each severity and source")
    parser.add_argument("--seed", type=int, default=28)
    options = parser.parse_args()
    recognizer = load_recognizer()
    sources = [each for each in video.SOURCES if each != "strokes" or DEVELOPMENT_STROKES.is_file()]
    right: dict[str, list[float]] = {name: [] for name in WAYS}
    for severity in SEVERITIES:
        hits = dict.fromkeys(WAYS, 0)
        for source in sources:
            for index in range(options.frames):
                shot = video.shot(severity, index, 1, source, options.seed)
                for name, way in WAYS.items():
                    with mock.patch.object(reader, "ink_map", _as_map(way) if way else ink_map):
                        hits[name] += video.read(recognizer, shot.frame).reading == shot.text
        for name, count in hits.items():
            right[name].append(count / (options.frames * len(sources)))
    print(f"| severity | {' | '.join(map(str, SEVERITIES))} |")
    print("| --- " * (len(SEVERITIES) + 1) + "|")
    for name, shares in right.items():
        print(f"| {name} | {' | '.join(f'{share:.1%}' for share in shares)} |")


def _as_map(way: Callable[[Image], Image]) -> Callable[[Image, Ink], InkMap]:
    return lambda grey, ink: InkMap(ink=way(grey), drawn=False)


if __name__ == "__main__":
    main()
