"""Live video to digits: a region of interest, frame after frame, with a vote of the last ones."""

from mnist_core.webcam.reader import FrameReader, FrameResult
from mnist_core.webcam.settings import WebcamSettings

__all__ = ["FrameReader", "FrameResult", "WebcamSettings"]
