"""Hyperparameter search with KerasTuner.

`search_space` and `tuner` import Keras.
"""
