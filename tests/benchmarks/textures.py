"""Textured surfaces without digits: reflectances, (height, width, 3) float32, 0 to 1."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from drawing import paste, rotate
from non_digits import LETTERS
from simulation import Floats, Generator, smooth_noise


def _wood(height: int, width: int, random: Generator) -> Floats:
    """Wooden boards."""
    y, x = np.mgrid[:height, :width].astype(np.float32) / height
    boards = np.floor(y * random.integers(1, 6) + random.random())
    bent = smooth_noise(height, width, 0.4 * height, random) * 0.06
    bent += (
        cv2.resize(
            smooth_noise(height, max(2, width // 12), 0.03 * height, random), (width, height)
        )
        * 0.006
    )
    rings = np.sin(2 * np.pi * random.uniform(6, 16) * (y + bent + 0.37 * boards + 0.05 * x))
    fibre = cv2.resize(smooth_noise(height, max(2, width // 40), 1.5, random), (width, height))
    tone = 1 + 0.12 * rings + 0.07 * fibre + 0.08 * np.sin(12.9 * boards)
    seams = np.abs(np.diff(boards, axis=0, prepend=boards[:1])) > 0
    tone[cv2.dilate(seams.view(np.uint8), np.ones((3, 1))) > 0] *= 0.5
    color = np.array([(0.72, 0.5, 0.3), (0.5, 0.32, 0.18), (0.85, 0.7, 0.5)][random.integers(3)])
    return (tone[:, :, np.newaxis] * color).clip(0, 1).astype(np.float32)


def _cloth(height: int, width: int, random: Generator) -> Floats:
    """Cloth with folds, plain, striped or checked."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    thread = height * random.uniform(0.006, 0.014)
    weave = np.sin(2 * np.pi * x / thread) * np.sin(2 * np.pi * y / thread)
    folds = smooth_noise(height, width, height * random.uniform(0.25, 0.6), random)
    tone = 1 + 0.06 * weave + 0.18 * folds + 0.04 * smooth_noise(height, width, 2, random)
    colors = random.uniform(0.15, 0.8, (2, 1)) + random.uniform(-0.15, 0.15, (2, 3))
    colors = colors.astype(np.float32)
    step, pattern = height * random.uniform(0.06, 0.25), random.integers(3)
    bend = folds * 0.08 * height
    over = [np.zeros_like(x), (x + bend) % step < step / 2, np.zeros_like(x)][pattern]
    if pattern == 2:
        over = ((x + bend) % step < step / 2) * 0.5 + ((y + bend) % step < step / 2) * 0.5
    mixed = colors[0] + (colors[1] - colors[0]) * over[:, :, np.newaxis]
    return (mixed * tone[:, :, np.newaxis]).clip(0, 1).astype(np.float32)


def _foliage(height: int, width: int, random: Generator) -> Floats:
    """Overlapping leaves, the lower ones darker."""
    scene = np.full((height, width, 3), (0.05, 0.09, 0.04), np.float32)
    size = height * random.uniform(0.03, 0.1)
    count = int(4 * width * height / (3 * size**2))
    for number in range(count):
        place = tuple(int(part) for part in random.uniform(0, (width, height)))
        angle, long = random.uniform(0, 360), size * random.uniform(0.7, 1.4)
        axes = (max(2, round(long)), max(1, round(long * random.uniform(0.3, 0.5))))
        tone = (0.25 + 0.75 * number / count) * random.uniform(0.6, 1.1)
        color = tuple(tone * np.array((0.35, 0.55, 0.2)) * random.uniform(0.8, 1.2, 3))
        cv2.ellipse(scene, place, axes, angle, 0, 360, color, cv2.FILLED, cv2.LINE_AA)
        rib = rotate(np.array([(-axes[0], 0), (axes[0], 0)]), angle) + place
        ends = [tuple(int(part) for part in end) for end in rib]
        cv2.line(scene, *ends, tuple(1.3 * part for part in color), 1, cv2.LINE_AA)
    return scene.clip(0, 1)


def _books(height: int, width: int, random: Generator) -> Floats:
    """Bookshelves; the spines have titles and some have bands."""
    board = np.array([(0.6, 0.42, 0.25), (0.85, 0.85, 0.83), (0.2, 0.14, 0.1)][random.integers(3)])
    scene = np.full((height, width, 3), board * 0.35, np.float32)
    step = round(height * random.uniform(0.3, 0.7))
    for bottom in range(int(random.integers(step // 2, step)), height + step, step):
        left = -int(random.integers(20))
        while left < width:
            wide = max(4, round(step * random.uniform(0.06, 0.2)))
            top = bottom - round(step * random.uniform(0.6, 0.88))
            curve = np.sqrt(1 - np.linspace(-0.85, 0.85, wide) ** 2)[np.newaxis, :, np.newaxis]
            color = random.uniform(0.08, 0.85, 3) * random.uniform(0.5, 1.1)
            down = bottom - top
            spine = np.tile(color * (0.45 + 0.6 * curve), (down, 1, 1))
            title = slice(round(0.25 * down), round(random.uniform(0.5, 0.8) * down))
            letters = cv2.resize(random.random((40, 5)).astype(np.float32), (wide, down)) > 0.5
            letters[:, : wide // 3] = letters[:, 2 * wide // 3 :] = False
            inked = np.zeros((down, wide), bool)
            inked[title] = letters[title]
            spine[inked] = 0.85 if color.mean() < 0.5 else 0.12
            if random.random() < 0.5:
                spine[round(0.08 * down) : round(0.13 * down)] *= random.uniform(0.4, 1.6)
            paste(scene, spine, left, top)
            left += wide + int(random.random() < 0.1) * int(random.integers(1, wide + 1))
        paste(scene, np.tile(board * 0.9, (max(2, round(0.06 * step)), width, 1)), 0, bottom)
    return scene.clip(0, 1)


def _keyboard(height: int, width: int, random: Generator) -> Floats:
    """A keyboard whose letters do not look like digits."""
    dark = random.random() < 0.6
    key, body, ink = (33, 20, 215) if dark else (224, 178, 40)
    scene = np.full((height, width), body, np.uint8)
    step = round(height * random.uniform(0.1, 0.24))
    gap, weight = max(2, step // 10), max(1, step // 35)
    capitals = [letter for letter in LETTERS if letter.isupper()]
    for number, top in enumerate(range(-step // 3, height, step)):
        for left in range(-round((0.3 * number % 1) * step) - step // 2, width, step):
            right, bottom = left + step - gap, top + step - gap
            cv2.rectangle(scene, (left, top), (right, bottom), 0.6 * key, cv2.FILLED)
            inner = (left + gap, top + gap // 2), (right - gap, bottom - gap)
            cv2.rectangle(scene, *inner, 1.08 * key, cv2.FILLED)
            letter, place = (
                random.choice(capitals),
                (left + step // 4, top + step // 2),
            )
            font = cv2.FONT_HERSHEY_SIMPLEX
            cv2.putText(scene, letter, place, font, step / 70, ink, weight, cv2.LINE_AA)
    return cv2.cvtColor(scene, cv2.COLOR_GRAY2RGB).astype(np.float32) / 255


def room(height: int, width: int, random: Generator) -> Floats:
    """A background out of focus: a wall, a bookshelf, a curtain or wood."""
    kind = random.choice(["wall", "wall", "books", "cloth", "wood"])
    if kind == "wall":
        color = np.array(random.choice([0.85, 0.7, 0.5, 0.3])) * random.uniform(0.9, 1.05, 3)
        scene = np.full((height, width, 3), color, np.float32)
        scene *= 1 + 0.02 * smooth_noise(height, width, 60, random)[:, :, np.newaxis]
        corner = round(width * random.uniform(-0.3, 1.3))
        scene[:, : max(0, corner)] *= random.uniform(0.75, 1)
    else:
        scene = TEXTURES[kind](height, width, random)
    return cv2.GaussianBlur(scene, (0, 0), height * random.uniform(0.004, 0.02))


TEXTURES: dict[str, Callable[[int, int, Generator], Floats]] = {
    "wood": _wood,
    "cloth": _cloth,
    "foliage": _foliage,
    "books": _books,
    "keyboard": _keyboard,
}
SURFACES = {"wood": _wood, "cloth": _cloth, "room": room}
