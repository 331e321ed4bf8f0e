"""Simulated webcam frames, with a number or without digits."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from digit_sources import Source, choose_number
from drawing import Box
from filming import capture_frame, empty_paper, film_number, surface
from people import face_scene, hands_scene
from simulation import SEVERITIES, Floats, Generator, Image

__all__ = ["KINDS", "SIZES", "Shot", "film_without_digits", "make_shot"]

# (width, height); the frames alternate.
SIZES = ((1280, 720), (640, 480))
# Kind of a frame without digits -> the scene.
KINDS: dict[str, Callable[[tuple[int, int], float, Generator], Floats]] = {
    "empty paper": empty_paper,
    "hands": hands_scene,
    "faces": face_scene,
    "textures": surface,
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Shot:
    """A frame that shows a number.

    Attributes:
        frame: (h, w, 3) BGR uint8.
        text: the number.
        box: (left, top, width, height) of the number in pixels.
    """

    frame: Image
    text: str
    box: Box


def make_shot(severity: int, index: int, digits: int, source: Source, seed: int) -> Shot:
    """Film a number.

    Args:
        severity: 0, a clean black marker on white, to 4, hard.
        index: of the frame; frames with the same index differ only in their digits.
        digits: length of the number.
        source: of the digits: "mnist" or "strokes".
        seed: of the random state.
    """
    # Two random states: light, camera and position do not depend on the digits.
    choosing, filming = np.random.default_rng((seed, severity, index)).spawn(2)
    chosen, text = choose_number(digits, source, choosing)
    size = SIZES[index % len(SIZES)]
    frame, box = film_number(chosen, severity / 4, size, filming)
    return Shot(frame=frame, text=text, box=box)


def film_without_digits(index: int, seed: int) -> tuple[Image, str]:
    """A frame without digits, (h, w, 3) BGR uint8, and its kind, one of `KINDS` in turns."""
    random = np.random.default_rng((seed, len(SEVERITIES), index))
    kind, size = list(KINDS)[index % len(KINDS)], SIZES[index // len(KINDS) % len(SIZES)]
    share = random.integers(1, len(SEVERITIES)) / 4
    return capture_frame(KINDS[kind](size, share, random), share, random), kind
