"""Digits that a user has corrected, and the file that keeps them."""
