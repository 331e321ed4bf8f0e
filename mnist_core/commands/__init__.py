"""The commands of `python -m mnist_core`: each module adds its own to the command line."""
