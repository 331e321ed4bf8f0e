"""A search for training settings."""
