"""Contact sheets of pictures that were read incorrectly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from simulation import Image

__all__ = ["Misreading", "misreading", "save_sheets"]

# Columns, a cell and its line of text in pixels, maximum number of cells.
COLUMNS, CELL, LINE, MAX_CELLS = 5, (320, 240), 22, 100


@dataclass(frozen=True, kw_only=True, eq=False)
class Misreading:
    """A picture that was read incorrectly.

    Attributes:
        picture: a small copy, BGR.
        title: the number and the reading.
    """

    picture: Image
    title: str


def misreading(picture: Image, truth: str, reading: str) -> Misreading:
    """What was read in a picture, BGR, instead of the truth."""
    height, width = picture.shape[:2]
    scale = min(CELL[0] / width, CELL[1] / height)
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return Misreading(picture=small, title=f"{truth} read as {reading or 'nothing'}")


def save_sheets(folder: Path, errors: Sequence[Misreading]) -> list[Path]:
    """Save contact sheets of errors with their titles; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for start in range(0, len(errors), MAX_CELLS):
        cells = [_cell(error) for error in errors[start : start + MAX_CELLS]]
        cells += [np.full_like(cells[0], 255)] * (-len(cells) % COLUMNS)
        rows = [np.hstack(cells[i : i + COLUMNS]) for i in range(0, len(cells), COLUMNS)]
        files.append(folder / f"errors-{start // MAX_CELLS + 1}.png")
        cv2.imwrite(str(files[-1]), np.vstack(rows))
    return files


def _cell(error: Misreading) -> Image:
    cell = np.full((CELL[1] + LINE, CELL[0], 3), 255, np.uint8)
    height, width = error.picture.shape[:2]
    cell[LINE : LINE + height, :width] = error.picture
    place, font = (4, LINE - 6), cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(cell, error.title, place, font, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return cell
