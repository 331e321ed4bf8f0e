"""The accuracy of every bundled model, and of the plain resize of many MNIST apps.

It prints a table in Markdown, after about two minutes:

    python tests/benchmarks/accuracy.py

A picture is correct if exactly its digits are read: one digit too many is an error. The digits of a
picture are found once and then classified by each model. The baseline is the method of many MNIST
apps: the complete picture resized to 28x28, inverted if it is dark on light, and classified by the
default model; its score for non-digits is the highest probability.
"""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from damaged import DAMAGED
from non_digits import COLLECTIONS, NonDigits
from pictures import (
    Image,
    PictureFrames,
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

from mnist_core import Recognizer, list_models, load_mnist, load_recognizer
from mnist_core.evaluation.calibration import reliability
from mnist_core.evaluation.metrics import evaluate_probabilities
from mnist_core.registry.card import TFLITE
from mnist_core.storage.paths import models_directory

if TYPE_CHECKING:
    from ai_edge_litert.interpreter import Interpreter

# Single images per turn of a model, and turns: models take turns, so that other load affects all.
TIMED, TURNS = 100, 5

# The baseline's key among the models' scores; no model can have this name.
BASELINE = ""
PERCENT, AREA, MILLISECONDS, MEGABYTES, WHOLE = "{:.2%}", "{:.4f}", "{:.3f} ms", "{:.2f} MB", "{:,}"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the table; None is an empty cell.

    Attributes:
        name: the measure.
        count: number of pictures; 0 if they are missing, None if there are none to count.
        values: model -> value.
        form: format of a value, for `str.format`; a share is 0 to 1.
        found: share of pictures in which the correct number of digits was found.
        baseline: the value of the plain resize.
    """

    name: str
    count: int | None
    values: dict[str, float]
    form: str = PERCENT
    found: float | None = None
    baseline: float | None = None


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


def digit_scores(model: Recognizer, frames: Image) -> NDArray[np.float32]:
    """The score of each frame as a digit: (n,), 0 to 1."""
    return model.digit_scores(frames)


def plain_scores(model: Recognizer, frames: Image) -> NDArray[np.float32]:
    """The highest probability of each frame: (n,), 0 to 1."""
    return model.classify(frames).max(axis=1)


def measure(
    pictures: Pictures, extracted: PictureFrames, models: Sequence[Recognizer]
) -> list[Row]:
    """The rows of one collection: accuracy, ECE and rejected digits."""
    truths = np.array(pictures.truths)
    if not len(truths):
        names = [pictures.name, *(certainty_names(pictures) if pictures.certainty else [])]
        return [Row(name=name, count=0, values={}) for name in names]
    answers = {model.card.name: model.classify(extracted.frames) for model in models}
    row = Row(
        name=pictures.name,
        count=len(truths),
        values={
            name: float((numbers(probabilities, extracted.counts) == truths).mean())
            for name, probabilities in answers.items()
        },
        found=float((extracted.counts == np.char.str_len(truths)).mean()),
    )
    if pictures.plain:
        labels = models[0].classify(extracted.plain).argmax(axis=1).astype(str)
        row = dataclasses.replace(row, baseline=float((labels == truths).mean()))
    return [row, *certainty(pictures, extracted, models, answers)] if pictures.certainty else [row]


def certainty(
    pictures: Pictures,
    extracted: PictureFrames,
    models: Sequence[Recognizer],
    answers: dict[str, NDArray[np.float32]],
) -> list[Row]:
    """ECE and rejected digits, of the pictures in which one digit was found."""
    single = extracted.counts == 1
    alone = np.repeat(single, extracted.counts)
    labels = np.array(pictures.truths)[single].astype(int)
    errors, rejected = {}, {}
    for model in models:
        scores = digit_scores(model, extracted.frames[alone])
        errors[model.card.name] = calibration_error(answers[model.card.name][alone], labels)
        rejected[model.card.name] = float((scores < model.card.digit_threshold).mean())
    return [
        Row(name=name, count=len(labels), values=values)
        for name, values in zip(certainty_names(pictures), (errors, rejected), strict=True)
    ]


def certainty_names(pictures: Pictures) -> list[str]:
    """The names of the rows of `certainty`."""
    return [f"{pictures.name}: {name}" for name in ("ECE, 15 bins", "rejected as non-digits")]


def detection(
    collection: NonDigits, models: Sequence[Recognizer], known: dict[str, NDArray[np.float32]]
) -> list[Row]:
    """The AUROC of the digit score for non-digits, and the share of non-digits that is accepted.

    Args:
        collection: non-digits.
        models: the default model first.
        known: model -> scores of digits, (n,), and those of the plain resize under `BASELINE`.
    """
    frames, name = collection.frames, collection.name
    areas, accepted, baseline = {}, {}, None
    if len(frames):
        for model in models:
            scores = digit_scores(model, frames)
            areas[model.card.name] = area_under_curve(known[model.card.name], scores)
            accepted[model.card.name] = float((scores >= model.card.digit_threshold).mean())
        baseline = area_under_curve(known[BASELINE], plain_scores(models[0], frames))
    return [
        Row(
            name=f"{name}: AUROC against MNIST test",
            count=len(frames),
            values=areas,
            form=AREA,
            baseline=baseline,
        ),
        Row(name=f"{name}: accepted as digits", count=len(frames), values=accepted),
    ]


def area_under_curve(digits: NDArray[np.floating], others: NDArray[np.floating]) -> float:
    """The probability that a digit scores higher than a non-digit; ties count half."""
    from sklearn.metrics import roc_auc_score

    truths = np.repeat([1, 0], [len(digits), len(others)])
    return float(roc_auc_score(truths, np.concatenate([digits, others])))


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


def numbers(probabilities: NDArray[np.float32], counts: NDArray[np.int64]) -> NDArray[np.str_]:
    """The number read in each picture; empty where no digit was found."""
    labels = "".join(str(label) for label in probabilities.argmax(axis=1))
    ends = np.cumsum(counts)
    return np.array([labels[end - count : end] for count, end in zip(counts, ends, strict=True)])


def calibration_error(probabilities: NDArray[np.float32], labels: NDArray[np.integer]) -> float:
    """Expected calibration error over 15 bins of equal width (Guo et al., ICML 2017), 0 to 1."""
    return reliability(evaluate_probabilities(probabilities, labels)).ece


def table(rows: Sequence[Row], models: Sequence[str]) -> str:
    """The rows in Markdown."""
    names = [f"`{name}`" for name in models]
    heads = ["", "images", "digits found", *names, f"plain resize, {names[0]}"]
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)]]
    for row in rows:
        values = [*(row.values.get(name) for name in models), row.baseline]
        cells = [_cell(row.found, PERCENT), *(_cell(value, row.form) for value in values)]
        if row.count == 0:
            lines.append([row.name, *["not here"] * (len(heads) - 1)])
        else:
            lines.append([row.name, _cell(row.count, WHOLE), *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value)


if __name__ == "__main__":
    main()
