"""The methods that `speed.py` compares: this project, bare OpenCV and LiteRT, and Keras.

The cases of each method run in their own process, which imports only what they need.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FRESH", "OWNERS", "run_cases"]

Cases = dict[str, Callable[[], object]]

# Pen strokes on a canvas of 280x280, y pointing down.
STROKES = {
    2: [[(95, 100), (115, 65), (160, 60), (185, 95), (165, 145), (95, 220), (190, 215)]],
    4: [[(150, 55), (85, 160), (200, 160)], [(165, 110), (160, 230)]],
    7: [[(90, 65), (190, 60), (150, 140), (125, 225)], [(110, 145), (175, 140)]],
}

# Programs for fresh processes: argv is the folder of the model and a picture; they print a label.
FRESH = {
    "fresh ours": """
import sys, numpy, mnist_core
from pathlib import Path
folder = Path(sys.argv[1])
recognizer = mnist_core.load_recognizer(folder.name, folder.parent)
print(recognizer.read(numpy.load(sys.argv[2]))[0].label, flush=True)
""",
    "fresh bare": """
import sys, cv2, numpy
from ai_edge_litert.interpreter import Interpreter
network = Interpreter(model_path=sys.argv[1] + "/model.tflite", num_threads=1)
network.allocate_tensors()
grey = cv2.cvtColor(numpy.load(sys.argv[2]), cv2.COLOR_RGBA2GRAY)
frame = cv2.resize(grey, (28, 28), interpolation=cv2.INTER_AREA)
network.set_tensor(network.get_input_details()[0]["index"], frame[None].astype("float32"))
network.invoke()
print(network.get_tensor(network.get_output_details()[0]["index"]).argmax(), flush=True)
""",
    "fresh keras": """
import sys, cv2, numpy, keras
model = keras.models.load_model(sys.argv[1] + "/model.keras")
grey = cv2.cvtColor(numpy.load(sys.argv[2]), cv2.COLOR_RGBA2GRAY)
frame = cv2.resize(grey, (28, 28), interpolation=cv2.INTER_AREA)
print(model.predict(frame[None].astype("float32"), verbose=0).argmax(), flush=True)
""",
}


def our_cases(folder: Path, pictures: dict[str, NDArray[np.uint8]]) -> Cases:
    """This project."""
    from mnist_core import load_mnist, load_recognizer

    recognizer = load_recognizer(folder.name, folder.parent)
    test = load_mnist().x_test
    for name, digits in {"canvas": 1, "number": 3, "photo": 3}.items():
        found = len(recognizer.read(pictures[name]))
        if found != digits:
            sys.exit(f"The picture '{name}' shows {digits} digits. Received: {found}")
    return {
        "ours one": lambda: recognizer.classify(test[:1]),
        "ours test": lambda: recognizer.classify(test),
        "ours canvas": lambda: recognizer.read(pictures["canvas"]),
        "ours number": lambda: recognizer.read(pictures["number"]),
        "ours photo": lambda: recognizer.read(pictures["photo"]),
    }


def bare_cases(folder: Path, pictures: dict[str, NDArray[np.uint8]]) -> Cases:
    """OpenCV and LiteRT alone, without checks and without a search for digits: the lower bound."""
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter

    from mnist_core import load_mnist

    test = load_mnist().x_test.astype(np.float32)

    def network(images: int, threads: int) -> Callable[[NDArray[np.float32]], object]:
        interpreter = Interpreter(str(folder / "model.tflite"), num_threads=threads)
        first = interpreter.get_input_details()[0]["index"]
        last = interpreter.get_output_details()[0]["index"]
        interpreter.resize_tensor_input(first, (images, 28, 28))
        interpreter.allocate_tensors()

        def answer(frames: NDArray[np.float32]) -> object:
            interpreter.set_tensor(first, frames)
            interpreter.invoke()
            return interpreter.get_tensor(last)

        return answer

    single, batch = network(1, 1), network(len(test), os.cpu_count() or 1)
    return {
        "bare one": lambda: single(test[:1]),
        "bare test": lambda: batch(test),
        "bare canvas": lambda: single(_plain_frame(pictures["canvas"])),
    }


def keras_cases(folder: Path, pictures: dict[str, NDArray[np.uint8]]) -> Cases:
    """Keras on the resized picture."""
    import keras
    import numpy as np

    from mnist_core import load_mnist

    model: Any = keras.models.load_model(folder / "model.keras")
    test = load_mnist().x_test.astype(np.float32)
    predict = partial(model.predict, verbose=0)
    return {
        "keras one": lambda: predict(test[:1]),
        "keras call": lambda: np.asarray(model(test[:1])),
        "keras test": lambda: predict(test),
        "keras large": lambda: predict(test, batch_size=1000),
        "keras canvas": lambda: predict(_plain_frame(pictures["canvas"])),
        "keras number": lambda: predict(_plain_frame(pictures["number"])),
        "keras photo": lambda: predict(_plain_frame(pictures["photo"])),
    }


def _plain_frame(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The complete picture resized to one network input, (1, 28, 28)."""
    import cv2
    import numpy as np

    code = cv2.COLOR_RGBA2GRAY if picture.shape[2] == 4 else cv2.COLOR_RGB2GRAY
    frame = cv2.resize(cv2.cvtColor(picture, code), (28, 28), interpolation=cv2.INTER_AREA)
    return frame[np.newaxis].astype(np.float32)


def make_pictures() -> dict[str, NDArray[np.uint8]]:
    """A canvas with one digit, one with three, and a photograph of three digits on paper."""
    import cv2
    import numpy as np
    from support.strokes import draw_strokes, place_strokes

    number = np.zeros((280, 560), np.uint8)
    paper = np.zeros((960, 1280), np.uint8)
    for i, strokes in enumerate(STROKES.values()):
        small = place_strokes(strokes, side=150, center=(110 + 170 * i, 140))
        draw_strokes(small, image=number, brush=18)
        large = place_strokes(strokes, side=260, center=(330 + 310 * i, 460 + 30 * i))
        draw_strokes(large, image=paper, brush=20)
    # Paper lit from the left, a dark pen, a slight blur and sensor noise.
    random = np.random.default_rng(7)
    light = np.linspace(215, 130, 1280) * np.linspace(1, 0.85, 960)[:, np.newaxis]
    scene = light * (1 - 0.75 * cv2.GaussianBlur(paper, (0, 0), 1.5) / 255)
    scene = np.clip(scene + random.normal(0, 5, scene.shape), 0, 255).astype(np.uint8)
    return {
        "canvas": cv2.cvtColor(draw_strokes(STROKES[2]), cv2.COLOR_GRAY2RGBA),
        "number": cv2.cvtColor(number, cv2.COLOR_GRAY2RGBA),
        "photo": cv2.cvtColor(scene, cv2.COLOR_GRAY2RGB),
    }


# Method -> function that creates its cases.
OWNERS: dict[str, Callable[[Path, dict[str, NDArray[np.uint8]]], Cases]] = {
    "ours": our_cases,
    "bare": bare_cases,
    "keras": keras_cases,
}


def run_cases(pipe: Connection, owner: str, folder: Path, canvas: Path) -> None:
    """Prepare the cases of a method, then run the one that the pipe names, so many times.

    Args:
        pipe: gets "ready"; then it receives (case, runs) and gets the milliseconds of each run.
        owner: "ours", "bare" or "keras".
        folder: of the model.
        canvas: the file to which "ours" saves the canvas for the fresh processes.
    """
    _hide_native_messages()
    pictures = make_pictures()
    if owner == "ours":
        import numpy as np

        np.save(canvas, pictures["canvas"])
    cases = OWNERS[owner](folder, pictures)
    for run in cases.values():
        run()  # the first call initializes
    pipe.send("ready")
    while True:
        try:
            case, runs = pipe.recv()
        except EOFError:
            return
        run = cases[case]
        if runs > 1:
            run()  # fills the processor's caches, which the others have used
        times = []
        for _ in range(runs):
            start = time.perf_counter()
            run()
            times.append((time.perf_counter() - start) * 1e3)
        pipe.send(times)


def _hide_native_messages() -> None:
    """Hide the native messages of LiteRT and TensorFlow, but not those of Python."""
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
