"""The packages that a task imports, measured in a fresh process."""

from __future__ import annotations

import sys


def packages_after_explaining() -> set[str]:
    """Explain a prediction and compute an embedding; the packages imported by then."""
    import numpy as np

    from mnist_core import load_recognizer
    from mnist_core.explanation.activations import open_activations
    from mnist_core.explanation.occlusion import explain

    recognizer = load_recognizer()
    frame = np.eye(28, dtype=np.uint8) * 255
    explain(recognizer.classify, frame)
    open_activations(recognizer.card).features(frame[np.newaxis])
    return {name.partition(".")[0] for name in sys.modules}
