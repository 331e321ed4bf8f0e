"""The commands of `python -m mnist_core`; `terminal` has what they share."""
