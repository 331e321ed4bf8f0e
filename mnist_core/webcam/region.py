"""The region of interest of a frame: its pixels, and their size for reading."""

from __future__ import annotations

import cv2

from mnist_core.preprocessing.extraction import Box
from mnist_core.preprocessing.grey import Image, scaled_size
from mnist_core.webcam.settings import Roi

__all__ = ["crop_region", "roi_in_pixels", "to_working_size"]

# The region is shrunk to this many pixels first: a number of eight digits is still legible, and a
# frame takes milliseconds. (At 224 pixels a few digits fewer were correct.)
_WORKING_SIDE = 256


def roi_in_pixels(roi: Roi, frame: Image) -> Box:
    """The region of interest in pixels of the shown frame: at least one, and inside it."""
    height, width = frame.shape[:2]
    left, top = min(width - 1, round(roi[0] * width)), min(height - 1, round(roi[1] * height))
    right, bottom = round((roi[0] + roi[2]) * width), round((roi[1] + roi[3]) * height)
    return left, top, max(1, min(width, right) - left), max(1, min(height, bottom) - top)


def crop_region(frame: Image, roi: Box, mirror: bool) -> Image:
    """The region of interest as the camera saw it, in color."""
    left, top, width, height = roi
    if mirror:
        left = frame.shape[1] - left - width
    return frame[top : top + height, left : left + width]


def to_working_size(cropped: Image) -> Image:
    """Convert to grey, and shrink to at most 256 px a side."""
    region = cv2.cvtColor(cropped, cv2.COLOR_BGR2GRAY)
    height, width = region.shape
    scale = min(1.0, _WORKING_SIDE / max(width, height))
    if scale == 1:
        return region
    # Halving, blurring and interpolating is as good as averaging areas, in a quarter of the time.
    while min(region.shape) > 1 and max(region.shape) >= 2 * _WORKING_SIDE:
        half = (region.shape[1] // 2, region.shape[0] // 2)
        region = cv2.resize(region, half, interpolation=cv2.INTER_AREA)
    smooth = cv2.GaussianBlur(region, (3, 3), 0)
    size = scaled_size((height, width), scale)
    return cv2.resize(smooth, size, interpolation=cv2.INTER_LINEAR)
