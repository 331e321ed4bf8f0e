"""A training run: its folder on disk, its process and the queue.

TensorFlow is imported when a training begins.
"""
