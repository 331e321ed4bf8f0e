"""Files on disk: paths, atomic writes, archives and cached results; knows nothing of digits."""
