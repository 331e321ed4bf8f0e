"""Reads frames and images with LiteRT: labels, calibrated probabilities, digit or non-digit."""
