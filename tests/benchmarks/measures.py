"""The rows of the accuracy benchmark: what is measured of a collection, and their table."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from non_digits import NonDigits
from numpy.typing import NDArray
from pictures import Image, PictureFrames, Pictures

from mnist_core import Recognizer
from mnist_core.evaluation.calibration import reliability
from mnist_core.evaluation.disputed_labels import evaluate_corrected
from mnist_core.evaluation.metrics import evaluate_probabilities

__all__ = [
    "AREA",
    "BASELINE",
    "MEGABYTES",
    "MILLISECONDS",
    "PERCENT",
    "TEXT",
    "WHOLE",
    "Row",
    "area_under_curve",
    "calibration_error",
    "detection",
    "digit_scores",
    "measure",
    "numbers",
    "plain_scores",
    "table",
]

# The baseline's key among the models' scores; no model can have this name.
BASELINE = ""
PERCENT, AREA, MILLISECONDS, MEGABYTES, WHOLE = "{:.2%}", "{:.4f}", "{:.3f} ms", "{:.2f} MB", "{:,}"
TEXT = "{}"


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
    values: Mapping[str, float | str]
    form: str = PERCENT
    found: float | None = None
    baseline: float | None = None


def digit_scores(model: Recognizer, frames: Image) -> NDArray[np.float32]:
    """The score of each frame as a digit: (n,), 0 to 1."""
    return model.digit_scores(frames)


def plain_scores(model: Recognizer, frames: Image) -> NDArray[np.float32]:
    """The highest probability of each frame: (n,), 0 to 1."""
    return model.classify(frames).max(axis=1)


def measure(
    pictures: Pictures, extracted: PictureFrames, models: Sequence[Recognizer]
) -> list[Row]:
    """The rows of one collection: accuracy, ECE, rejected and unusual digits."""
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
    rows = [row, corrected(pictures, answers)] if pictures.disputed else [row]
    return rows + (certainty(pictures, extracted, models, answers) if pictures.certainty else [])


def corrected(pictures: Pictures, answers: Mapping[str, NDArray[np.float32]]) -> Row:
    """The accuracy on MNIST test with corrected labels."""
    labels = np.array(pictures.truths).astype(int)
    results = {
        name: evaluate_corrected(evaluate_probabilities(probabilities, labels))
        for name, probabilities in answers.items()
    }
    return Row(
        name=f"{pictures.name}, corrected labels",
        count=min(len(result.labels) for result in results.values()),
        values={name: result.accuracy for name, result in results.items()},
    )


def certainty(
    pictures: Pictures,
    extracted: PictureFrames,
    models: Sequence[Recognizer],
    answers: dict[str, NDArray[np.float32]],
) -> list[Row]:
    """ECE, rejected and unusual digits, of the pictures in which one digit was found."""
    single = extracted.counts == 1
    alone = np.repeat(single, extracted.counts)
    labels = np.array(pictures.truths)[single].astype(int)
    errors, rejected, unusual, refused_as = {}, {}, {}, {}
    for model in models:
        name, card = model.card.name, model.card
        scores, own = digit_scores(model, extracted.frames[alone]), answers[name][alone]
        is_rejected = scores < card.digit_threshold
        errors[name] = calibration_error(own, labels)
        rejected[name] = float(is_rejected.mean())
        unusual[name] = float((~is_rejected & (scores < card.ordinary_threshold)).mean())
        refused_as[name] = confusions(labels[is_rejected], own[is_rejected].argmax(axis=1))
    values = errors, rejected, refused_as, unusual
    forms = PERCENT, PERCENT, TEXT, PERCENT
    return [
        Row(name=name, count=len(labels), values=row, form=form)
        for name, row, form in zip(certainty_names(pictures), values, forms, strict=True)
    ]


def confusions(labels: NDArray[np.integer], answers: NDArray[np.integer]) -> str:
    """How digits are classified, as text: the correct ones, then each confusion, most first."""
    pairs = Counter(zip(labels.tolist(), answers.tolist(), strict=True))
    wrong = [(pair, count) for pair, count in pairs.most_common() if pair[0] != pair[1]]
    right = len(labels) - sum(count for _, count in wrong)
    texts = [f"{right} of {len(labels)} right"]
    texts += [f"{truth} as {answer}: {count}" for (truth, answer), count in wrong]
    return ", ".join(texts)


def certainty_names(pictures: Pictures) -> list[str]:
    """The names of the rows of `certainty`."""
    rejected = "rejected as non-digits"
    names = ("ECE, 15 bins", rejected, f"{rejected}, classified as", "accepted, but unusual")
    return [f"{pictures.name}: {name}" for name in names]


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


def _cell(value: float | str | None, form: str) -> str:
    return "" if value is None else form.format(value)
