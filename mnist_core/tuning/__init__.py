"""Hyperparameter search with Optuna; its trials are training runs.

`config` and `places` are light; the other modules import Optuna.
"""
