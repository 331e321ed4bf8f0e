"""The accuracy of several thresholds between ink and paper, on simulated video.

It prints a table in Markdown:

    python tests/benchmarks/thresholds.py
    python tests/benchmarks/thresholds.py --frames 20

All methods read the same frames and differ only in how they find the ink. This project estimates
the light, divides by it, erases ruled lines and applies one threshold. The other methods are those
of OpenCV and scikit-image.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from digit_sources import available_sources
from simulation import SEVERITIES, Image
from video import read
from video_frames import make_shot

from mnist_core import load_recognizer
from mnist_core.preprocessing.ink import Ink, InkMap, ink_map
from mnist_core.webcam import candidates

# Of local thresholds: window, as a share of the picture, and minimum contrast, in grey levels.
WINDOW, CONTRAST = 0.15, 10


def otsu(grey: Image) -> Image:
    """One threshold for the complete picture (N. Otsu, 1979)."""
    _, ink = cv2.threshold(_blur(grey), 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    return ink


def local_mean(grey: Image) -> Image:
    """Darker than the local Gaussian mean minus a constant."""
    method = cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY_INV
    return cv2.adaptiveThreshold(_blur(grey), 255, *method, _window(grey), CONTRAST)


def sauvola(grey: Image) -> Image:
    """A threshold of the local mean and standard deviation (J. Sauvola, 2000)."""
    from skimage.filters import threshold_sauvola

    return np.where(grey < threshold_sauvola(grey, _window(grey)), np.uint8(255), np.uint8(0))


def flattened_local(grey: Image) -> Image:
    """Divide by the light, as this project does, then apply a local threshold."""
    light = cv2.morphologyEx(_blur(grey), cv2.MORPH_CLOSE, np.ones((_window(grey),) * 2))
    return local_mean(cv2.divide(_blur(grey), np.maximum(light, 1), scale=255))


def _blur(grey: Image) -> Image:
    return cv2.GaussianBlur(grey, (0, 0), 1)


def _window(grey: Image) -> int:
    return max(3, round(WINDOW * max(grey.shape)) | 1)


METHODS: dict[str, Callable[[Image], Image] | None] = {
    "flattened, ruled lines erased, global (this project)": None,
    "global": otsu,
    "local mean": local_mean,
    "local, Sauvola": sauvola,
    "flattened, local mean": flattened_local,
}


def main() -> None:
    """Read frames of each severity with each method, and print the accuracy."""
    parser = argparse.ArgumentParser(description="The accuracy of thresholds on simulated video.")
    parser.add_argument("--frames", type=int, default=60, help="number per severity and source")
    parser.add_argument("--seed", type=int, default=28)
    options = parser.parse_args()
    recognizer = load_recognizer()
    sources = available_sources()
    accuracy: dict[str, list[float]] = {name: [] for name in METHODS}
    for severity in SEVERITIES:
        correct = dict.fromkeys(METHODS, 0)
        for source in sources:
            for index in range(options.frames):
                shot = make_shot(severity, index, 1, source, options.seed)
                for name, method in METHODS.items():
                    find_ink = _as_ink_map(method) if method else ink_map
                    with mock.patch.object(candidates, "ink_map", find_ink):
                        correct[name] += read(recognizer, shot.frame).reading == shot.text
        for name, count in correct.items():
            accuracy[name].append(count / (options.frames * len(sources)))
    print(f"| severity | {' | '.join(map(str, SEVERITIES))} |")
    print("| --- " * (len(SEVERITIES) + 1) + "|")
    for name, shares in accuracy.items():
        print(f"| {name} | {' | '.join(f'{share:.1%}' for share in shares)} |")


def _as_ink_map(method: Callable[[Image], Image]) -> Callable[[Image, Ink], InkMap]:
    return lambda grey, ink: InkMap(ink=method(grey), grey=grey)


if __name__ == "__main__":
    main()
