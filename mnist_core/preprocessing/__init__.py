"""Any image to MNIST frames, with NumPy and OpenCV; no network."""
