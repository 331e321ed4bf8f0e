"""Any image to 28x28 MNIST frames, with NumPy and OpenCV, without a network.

The stages, in order: images (pixels) -> ink (drawing or photo, ruled_lines) -> components ->
grouping -> segmentation (reading order) -> framing, whose `extract_digits` runs them all.
"""
