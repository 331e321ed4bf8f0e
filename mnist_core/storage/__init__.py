"""Files on disk: paths, atomic writes, untrusted archives and cached results.

Imports only `mnist_core.errors` and knows nothing of digits.
"""
