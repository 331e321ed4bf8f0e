"""FGSM and PGD of Break it beside those of foolbox, on the same Keras networks.

    python -m pip install --no-deps foolbox eagerpy gitpython gitdb smmap    # for this alone
    python tests/benchmarks/attacks.py

Foolbox (https://github.com/bethgelab/foolbox) follows the gradient of the cross-entropy, which
vanishes in float32 where a network is certain; this project follows that of the log-odds, which has
the same sign. The directions are therefore compared on the images of which it is not so certain.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from mnist_core import load_mnist  # noqa: E402
from mnist_core.networks.keras_files import load_network  # noqa: E402
from mnist_core.perturbations.attacks import ATTACKS, STEPS, compute_attack  # noqa: E402

IMAGES, SEED = 300, 3
EPSILONS = (0.1, 0.2, 0.3)
CERTAIN = 0.99999


def main() -> None:
    """Print a table in Markdown."""
    if find_spec("foolbox") is None:
        print("Foolbox is not installed here; the head of this file says how.")
        return
    columns = [f"{method}, ε = {epsilon:g}" for method in ATTACKS for epsilon in EPSILONS]
    print(f"| correct of {IMAGES} images: this project, foolbox | {' | '.join(columns)} | same ± |")
    print("| --- |" + " ---: |" * (len(columns) + 1))
    for name in ("mlp", "cnn", "champion"):
        print(f"| `{name}` | {' | '.join(compare(name))} |", flush=True)


def compare(name: str) -> list[str]:
    """The cells of a model: for each attack the shares of correct images, and the agreement."""
    import foolbox
    import tensorflow as tf

    np.find_common_type = lambda kinds, _: np.result_type(*kinds)  # gone from NumPy 2
    mnist = load_mnist()
    places = np.random.default_rng(SEED).permutation(len(mnist.x_test))[:IMAGES]
    frames, labels = mnist.x_test[places], mnist.y_test[places].astype(np.int32)
    network = load_network(ROOT / "models" / name / "model.keras")

    def logits(images: Any) -> Any:
        return tf.cast(network(255 * images)[:, :10], tf.float32)

    def correct(images: NDArray[np.float32]) -> float:
        return float((logits(tf.constant(images)).numpy().argmax(axis=1) == labels).mean())

    clean = frames.astype(np.float32) / 255
    model = foolbox.TensorFlowModel(logits, bounds=(0, 1))
    cells, agreement = [], 0.0
    for method in ATTACKS:
        for epsilon in EPSILONS:
            radius = int(255 * epsilon) / 255  # whole grey levels, as here
            ours = compute_attack(network, frames, labels, np.full(IMAGES, epsilon), method)
            other = foolbox.attacks.LinfFastGradientAttack()
            if method == "PGD":
                other = foolbox.attacks.LinfPGD(abs_stepsize=2.5 / STEPS * radius, steps=STEPS)
            tf.random.set_seed(SEED)
            theirs = other(model, tf.constant(clean), tf.constant(labels), epsilons=radius)[1]
            cells.append(f"{correct(ours.astype(np.float32) / 255):.1%}, {correct(theirs):.1%}")
            if method == "FGSM" and epsilon == EPSILONS[0]:
                probabilities = tf.nn.softmax(logits(tf.constant(clean))).numpy()
                doubtful = probabilities[np.arange(IMAGES), labels] < CERTAIN
                moved = np.sign((theirs.numpy() - clean).round(4))[doubtful]
                same = moved == np.sign(ours.astype(int) - frames)[doubtful]
                agreement = float(same[moved != 0].mean())
    return [*cells, f"{agreement:.3%}"]


if __name__ == "__main__":
    main()
