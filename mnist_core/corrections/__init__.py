"""Digits that the user corrected: stored, exported and imported.

No module imports Keras.
"""
