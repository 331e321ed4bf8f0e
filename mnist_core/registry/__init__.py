"""The folder of models: cards, files and their digests, and changes to it.

No module imports Keras.
"""
