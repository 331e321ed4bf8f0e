"""Files on disk: places, atomic writes, cached results. Knows nothing of digits."""
