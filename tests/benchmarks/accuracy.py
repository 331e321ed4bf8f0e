"""The accuracy of every bundled model, and of the plain resize of many MNIST apps.

It prints two tables in Markdown, the second one by families of `rims`, after about two minutes:

    python tests/benchmarks/accuracy.py

A picture is correct if exactly its digits are read: one digit too many is an error. The digits of a
picture are found once and then classified by each model. The baseline is the method of many MNIST
apps: the complete picture resized to 28x28, inverted if it is dark on light, and classified by the
default model; its score for non-digits is the highest probability.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from damaged import DAMAGED
from measures import (
    BASELINE,
    MEGABYTES,
    MILLISECONDS,
    WHOLE,
    Row,
    detection,
    digit_scores,
    measure,
    plain_scores,
    table,
)
from non_digits import COLLECTIONS
from pictures import (
    Image,
    Pictures,
    digit_frames,
    drawn_strokes,
    extract_frames,
    mnist_frames,
    mnist_pictures,
    photographs,
    scattered_strokes,
    small_digits,
    strips,
    whole_frame,
)
from prints import printed_digits, ruled_ones
from rims import rims_table

from mnist_core import Recognizer, list_models, load_mnist, load_recognizer
from mnist_core.registry.card import TFLITE
from mnist_core.storage.paths import models_directory

if TYPE_CHECKING:
    from ai_edge_litert.interpreter import Interpreter

# Single images per turn of a model, and turns: models take turns, so that other load affects all.
TIMED, TURNS = 100, 5
# Images of each family of `rims`.
RIMS = 100


def main() -> None:
    """Measure everything and print the table."""
    models = [load_recognizer(card.name) for card in list_models()]
    if not models:
        sys.exit("No models. Train one: python -m mnist_core train")
    collections: list[tuple[Pictures, Callable[[Image], list[Image]]]] = [
        (mnist_frames(), whole_frame),
        (mnist_pictures(), digit_frames),
        (drawn_strokes(18, certainty=True), digit_frames),
        (drawn_strokes(6), digit_frames),
        (drawn_strokes(30), digit_frames),
        (scattered_strokes(), digit_frames),
        (photographs(), digit_frames),
        (small_digits(), digit_frames),
        (strips(), digit_frames),
        (ruled_ones(), digit_frames),
        (printed_digits(), digit_frames),
    ]
    rows: list[Row] = []
    total = sum(len(pictures.truths) for pictures, _ in collections)
    with tqdm(total=total, unit=" pictures", mininterval=0.5) as progress:
        for pictures, to_frames in collections:
            progress.set_description(pictures.name)
            rows += measure(pictures, extract_frames(pictures, to_frames, progress), models)
        progress.set_description("non-digits")
        digits = load_mnist().x_test
        known = {model.card.name: digit_scores(model, digits) for model in models}
        known[BASELINE] = plain_scores(models[0], digits)
        for make in (*COLLECTIONS, *DAMAGED):
            rows += detection(make(), models, known)
    rows += cost(models)
    print(table(rows, [model.card.name for model in models]))
    print()
    print(rims_table(models, RIMS))


def cost(models: Sequence[Recognizer]) -> list[Row]:
    """The time of one image with LiteRT alone, on one thread, and the sizes of the models."""
    from ai_edge_litert.interpreter import Interpreter

    paths = {model.card.name: models_directory() / model.card.name / TFLITE for model in models}
    networks = {}
    for name, path in paths.items():
        networks[name] = Interpreter(str(path), num_threads=1)
        networks[name].allocate_tensors()
    images = load_mnist().x_test[:TIMED, np.newaxis].astype(np.float32)
    times: dict[str, list[float]] = {name: [] for name in networks}
    for turn in range(TURNS + 1):
        for name, network in networks.items():
            # The first turn is a warm-up.
            times[name] += (
                _time_images(network, images) if turn else _time_images(network, images)[:0]
            )
    sizes = {name: path.stat().st_size / 1e6 for name, path in paths.items()}
    weights = {model.card.name: model.card.parameters for model in models}
    medians = {name: median(values) for name, values in times.items()}
    return [
        Row(
            name="one image with LiteRT, one thread, median",
            count=TIMED * TURNS,
            values=medians,
            form=MILLISECONDS,
        ),
        Row(name=f"size of {TFLITE}", count=None, values=sizes, form=MEGABYTES),
        Row(name="parameters", count=None, values=dict(weights), form=WHOLE),
    ]


def _time_images(network: Interpreter, images: NDArray[np.float32]) -> list[float]:
    """The milliseconds of each image, (n, 1, 28, 28)."""
    first, last = network.get_input_details()[0]["index"], network.get_output_details()[0]["index"]
    times = []
    for image in images:
        start = time.perf_counter()
        network.set_tensor(first, image)
        network.invoke()
        network.get_tensor(last)
        times.append((time.perf_counter() - start) * 1e3)
    return times


if __name__ == "__main__":
    main()
