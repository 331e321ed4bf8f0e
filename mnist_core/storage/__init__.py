"""Files on disk: paths, atomic writes, untrusted archives and cached results.

Imports nothing else of the package and knows nothing of digits.
"""
