"""The settings of the webcam are checked."""

from __future__ import annotations

import pytest

from mnist_core.webcam.settings import WebcamSettings

BAD = [
    {"roi": (0.5, 0.5, 0.6, 0.2)},
    {"roi": (-0.1, 0.0, 0.5, 0.5)},
    {"roi": (0.0, 0.0, 0.0, 0.5)},
    {"roi": (0.0, 0.0, float("nan"), 0.5)},
    {"roi": (0.0, 0.0, 1.0)},
    {"roi": "all"},
    {"threshold": 256},
    {"threshold": -1},
    {"threshold": 1.5},
    {"threshold": True},
    {"ink": "blue"},
    {"smoothing": 0},
    {"smoothing": 61},
    {"smoothing": 2.5},
    {"mirror": 1},
    {"inference": None},
]


@pytest.mark.parametrize("changes", BAD)
def test_invalid_settings_are_rejected(changes: dict[str, object]) -> None:
    (field,) = changes
    with pytest.raises(ValueError, match=rf"{field}.*Received: "):
        WebcamSettings(**changes)  # type: ignore[arg-type]
