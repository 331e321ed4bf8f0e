"""Frames to digits, with LiteRT."""
