"""Damaged and hostile bytes for every parser of foreign bytes, and for reading.

    python tests/support/fuzzing.py --seconds 600 --seed 1

Each seed of the random numbers gives the same inputs, so a run can be continued in parts and a
failure repeated. An input is an intact file with a few bytes replaced, removed or doubled.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.archives import make_npz, make_png, make_zip  # noqa: E402
from support.cards import make_card  # noqa: E402
from support.frames import make_correction, make_frame  # noqa: E402
from support.own_strokes import OWN_STROKES  # noqa: E402
from support.strokes import drawn_digit  # noqa: E402

from mnist_core import ModelCard, Recognizer, load_recognizer  # noqa: E402
from mnist_core.corrections.files import read_corrections, to_npz, to_zip  # noqa: E402
from mnist_core.corrections.label_reviews import LabelReviews  # noqa: E402
from mnist_core.corrections.store import CorrectionStore  # noqa: E402
from mnist_core.errors import MnistError  # noqa: E402
from mnist_core.evaluation.dataset_files import load_labelled  # noqa: E402
from mnist_core.preprocessing.images import load_image  # noqa: E402
from mnist_core.registry.artifacts import load_history, load_predictions  # noqa: E402
from mnist_core.registry.card import HISTORY, PREDICTIONS, TFLITE, read_card  # noqa: E402
from mnist_core.storage.cache import load_arrays  # noqa: E402
from mnist_core.storage.files import read_json  # noqa: E402
from mnist_core.storage.paths import models_directory  # noqa: E402
from mnist_core.training.events import Done, event_from_json, event_to_json  # noqa: E402

__all__ = ["fuzz"]

# A reading may take this long, s of processor time, and add this much to the process's memory.
LIMIT, MEMORY = 2.0, 10**9
Parser = Callable[[bytes], object]


def fuzz(folder: Path, seed: int, *, keras: bool = False) -> Iterator[str]:
    """Parse one damaged input after the other, without end; yields the name of each parser.

    Args:
        folder: an empty one, for the parsers of files.
        seed: of the inputs.
        keras: also load `.keras` files, which imports TensorFlow and takes long.

    Raises:
        AssertionError: a parser raised a foreign exception, took longer than `LIMIT` or more than
            `MEMORY`; with the input.
    """
    randomness = random.Random(seed)
    reading, *parsers = _cases(folder)
    # Reading takes twenty times as long as parsing.
    cases = [reading, *3 * parsers, *(_keras_cases(folder) if keras else [])]
    most = _peak_memory() + MEMORY
    while True:
        name, parse, intact = randomness.choice(cases)
        content = _damaged(intact, randomness)
        start = time.process_time()
        try:
            parse(content)
        except MnistError as error:
            assert str(error), name
        except Exception as error:
            raise AssertionError(f"{name} raised {error!r} for {content.hex()}") from error
        spent = time.process_time() - start
        assert spent < LIMIT, f"{name} took {spent:.1f} s for {content.hex()}"
        assert _peak_memory() < most, f"{name} took more than a GB for {content.hex()}"
        yield name


def _peak_memory() -> int:
    """The largest memory that this process has had, bytes; 0 where that is not known."""
    if sys.platform == "win32":
        return 0
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _cases(folder: Path) -> list[tuple[str, Parser, bytes]]:
    """The parsers, each with an intact input."""
    frame = make_frame()
    png = make_png(frame)
    card = make_card("mine")
    card_text = json.dumps(asdict(card)).encode()
    store = CorrectionStore(folder / "intact.sqlite3")
    store.add(make_correction())
    corrections = store.find()
    reviews = folder / "reviewed.sqlite3"
    LabelReviews(reviews).save(frame, 3, "wrong")
    labelled = make_npz(images=frame[np.newaxis], labels=np.array([3]))
    predictions = make_npz(probabilities=np.zeros((10_000, 10), np.float32))
    curves = {name: [0.5, 0.25] for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
    recognizer = load_recognizer("mlp")
    network = (models_directory() / "cnn" / TFLITE).read_bytes()

    def of_file(name: str, read: Callable[[Path], object]) -> Parser:
        path = folder / name

        def parse(content: bytes) -> object:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            return read(path)

        return parse

    def of_model(name: str, load: Callable[[ModelCard, Path], object]) -> Parser:
        """A file beside a model, whose card knows it."""

        def parse(content: bytes) -> object:
            digest = hashlib.sha256(content).hexdigest()
            return load(replace(card, sha256={name: digest}), folder)

        return of_file(f"mine/{name}", lambda path: parse(path.read_bytes()))

    def read(content: bytes) -> object:
        """Pixels, as many in a row as the first byte says."""
        width = max(8, content[0] if content else 0)
        height = max(1, len(content) // width)
        pixels = np.frombuffer(content.ljust(width, b"\0"), np.uint8)[: width * height]
        return recognizer.read(pixels.reshape(height, width))

    def event(content: bytes) -> object:
        # Readers of events leave out the lines that raise ValueError.
        try:
            return event_from_json(content.decode("utf-8", "replace"))
        except ValueError:
            return None

    return [
        ("read", read, b"\x40" + cv2.resize(drawn_digit(OWN_STROKES[5]), (64, 64)).tobytes()),
        ("LiteRT model", lambda content: Recognizer(content, card), network),
        ("history", of_model(HISTORY, load_history), json.dumps(curves).encode()),
        ("predictions", of_model(PREDICTIONS, load_predictions), predictions),
        ("image", load_image, png),
        ("labeled ZIP", load_labelled, make_zip({"3/a.png": png, "4/b.png": png})),
        ("labeled NPZ", load_labelled, labelled),
        ("corrections ZIP", read_corrections, to_zip(corrections)),
        ("corrections NPZ", read_corrections, to_npz(corrections)),
        ("card", of_file("mine/card.json", read_card), card_text),
        ("event", event, event_to_json(Done(card=card)).encode()),
        ("JSON", of_file("x.json", read_json), card_text),
        ("cache", of_file("x.npz", load_arrays), labelled),
        (
            "database",
            of_file("damaged.sqlite3", lambda path: CorrectionStore(path).find()),
            store.path.read_bytes(),
        ),
        (
            "label reviews",
            of_file(
                "reviews.sqlite3",
                lambda path: LabelReviews(path).find(frame[np.newaxis], np.array([3])),
            ),
            reviews.read_bytes(),
        ),
    ]


def _keras_cases(folder: Path) -> list[tuple[str, Parser, bytes]]:
    """A small network of Keras."""
    import keras

    from mnist_core.networks.keras_files import load_network

    path = folder / "network.keras"
    keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10)]).save(
        path
    )
    intact = path.read_bytes()

    def parse(content: bytes) -> object:
        path.write_bytes(content)
        return load_network(path)

    return [(".keras", parse, intact)]


def _damaged(intact: bytes, randomness: random.Random) -> bytes:
    """The content with up to eight changes."""
    content = bytearray(intact)
    for _ in range(randomness.randint(1, 8)):
        place = randomness.randrange(len(content) + 1)
        length = randomness.choice((1, 1, 1, 2, 4, 16))
        match randomness.randrange(4):
            case 0:
                content[place : place + length] = randomness.randbytes(length)
            case 1:
                del content[place : place + length]
            case 2:
                content[place:place] = content[place : place + length] * randomness.choice((1, 400))
            case _:
                content[place : place + 1] = randomness.choice((b"\0", b"\xff", b"[", b"(", b"9"))
    return bytes(content)


def main() -> None:
    """Fuzz for a time, and print the number of inputs for each parser."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="default: %(default)s")
    parser.add_argument("--inputs", type=int, default=1_000_000, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="another one continues")
    options = parser.parse_args()
    end = time.monotonic() + options.seconds
    counts: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        names = fuzz(Path(folder), options.seed, keras=True)
        for number, name in enumerate(names, start=1):
            counts[name] = counts.get(name, 0) + 1
            if number >= options.inputs or time.monotonic() > end:
                break
    for name, count in sorted(counts.items()):
        print(f"{name:16} {count:9,}")
    print(f"{'all':16} {sum(counts.values()):9,} inputs, seed {options.seed}, no failure")


if __name__ == "__main__":
    main()
