"""A training as something on disk that runs in a process."""
