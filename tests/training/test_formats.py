"""Models in other formats: the files, and what other programs make of them."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest
from support.processes import run_with_tensorflow

from mnist_core import Dataset, MnistError, ModelCard, load_recognizer
from mnist_core.__main__ import main
from mnist_core.data import NOT_A_DIGIT
from mnist_core.networks.keras_files import load_network
from mnist_core.registry.card import KERAS
from mnist_core.registry.store import load_card
from mnist_core.storage.cache import store_arrays
from mnist_core.storage.paths import BUNDLED_MODELS
from mnist_core.training import formats
from mnist_core.training.c_array import IntegerNetwork
from mnist_core.training.formats import FORMATS, convert, export_as, known_accuracy

# Other models take minutes.
QUICK = "mlp"
MODELS = [QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in ("cnn", "champion"))]


def convert_bundled(name: str, kind: str) -> tuple[bytes, float]:
    """Convert a bundled model, in a process that may import TensorFlow."""
    return convert(load_network(BUNDLED_MODELS / name / KERAS), load_card(name), kind)


@pytest.fixture(scope="module")
def archives() -> dict[str, zipfile.ZipFile]:
    """The C files of models, as far as they are asked for."""
    return {}


@pytest.fixture
def c_files(
    archives: dict[str, zipfile.ZipFile], request: pytest.FixtureRequest
) -> zipfile.ZipFile:
    """The C files of the model that the test names."""
    name = request.param
    if name not in archives:
        content, accuracy = run_with_tensorflow(convert_bundled, name, "micro")
        assert accuracy == pytest.approx(load_card(name).test_accuracy, abs=0.001)
        archives[name] = zipfile.ZipFile(io.BytesIO(content))
    return archives[name]


def numbers(source: str, name: str) -> np.ndarray:
    """The numbers of a C array."""
    (body,) = re.findall(rf"{name}\[\w+\] = {{\n(.*?)\n}};", source, re.DOTALL)
    return np.array([int(number) for number in body.split(",")])


@pytest.mark.parametrize("c_files", MODELS, indirect=True)
def test_c_array_is_the_file_and_has_a_test_vector(
    c_files: zipfile.ZipFile, dataset: Dataset
) -> None:
    header, source = (c_files.read(f"digit_model.{end}").decode() for end in ("h", "c"))
    content = c_files.read("digit_model.tflite")
    assert bytes(numbers(source, "digit_model").tolist()) == content
    network = IntegerNetwork(content, exact=True)
    image = numbers(source, "digit_test_image") + 128
    assert np.array_equal(image.reshape(28, 28), dataset.x_test[0])
    output = numbers(source, "digit_test_output")
    assert output.tolist() == network.outputs(dataset.x_test[:1])[0].tolist()
    assert output[:NOT_A_DIGIT].argmax() == dataset.y_test[0]
    defined = dict(re.findall(r"#define (DIGIT_\w+) (\d+)", header))
    assert defined == {
        "DIGIT_MODEL_BYTES": str(len(content)),
        "DIGIT_PIXELS": "784",
        "DIGIT_OUTPUTS": str(output.size),
        "DIGIT_TEST_LABEL": str(dataset.y_test[0]),
    }
    assert f"MicroMutableOpResolver<{len(network.operators)}>" in header
    assert ", ".join(network.operators) in header
    # Whole numbers only: no operator converts to or from floating point.
    assert not {"QUANTIZE", "DEQUANTIZE"} & set(network.operators)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
@pytest.mark.parametrize("compiler", ["gcc", "g++"])
@pytest.mark.parametrize("c_files", [QUICK], indirect=True)
def test_c_array_compiles(c_files: zipfile.ZipFile, tmp_path: Path, compiler: str) -> None:
    c_files.extractall(tmp_path)
    end = "c" if compiler == "gcc" else "cpp"
    (tmp_path / f"main.{end}").write_text(
        '#include <stdio.h>\n#include "digit_model.h"\n'
        "int main(void) {\n"
        "  if ((unsigned long)digit_model % 16) return 1;\n"
        "  fwrite(digit_model, 1, DIGIT_MODEL_BYTES, stdout);\n"
        "  fwrite(digit_test_image, 1, DIGIT_PIXELS, stdout);\n"
        "  fwrite(digit_test_output, 1, DIGIT_OUTPUTS, stdout);\n"
        "  return 0;\n}\n"
    )
    strict = ["-Wall", "-Wextra", "-Werror"]
    steps = [
        ["gcc", "-std=c11", "-pedantic", *strict, "-c", "digit_model.c"],
        [compiler, *strict, f"main.{end}", "digit_model.o", "-o", "main"],
    ]
    for step in steps:
        subprocess.run(step, cwd=tmp_path, check=True)
    printed = subprocess.run([tmp_path / "main"], capture_output=True, check=True).stdout
    source = c_files.read("digit_model.c").decode()
    vector = [*numbers(source, "digit_test_image"), *numbers(source, "digit_test_output")]
    expected = c_files.read("digit_model.tflite") + np.array(vector, np.int8).tobytes()
    assert printed == expected


@pytest.mark.parametrize("c_files", MODELS, indirect=True)
def test_tensorflow_lite_micro_computes_the_same(
    c_files: zipfile.ZipFile, dataset: Dataset
) -> None:
    micro = pytest.importorskip(
        "tflite_micro.python.tflite_micro.runtime", reason="tflite-micro is not installed"
    )
    content = c_files.read("digit_model.tflite")
    interpreter = micro.Interpreter.from_bytes(content, arena_size=100_000)
    images = dataset.x_test[:1000]
    outputs = []
    for frame in (images.astype(np.int16) - 128).astype(np.int8):
        interpreter.set_input(frame[np.newaxis], 0)
        interpreter.invoke()
        outputs.append(interpreter.get_output(0)[0].copy())
    assert np.array_equal(outputs[:20], IntegerNetwork(content, exact=True).outputs(images[:20]))
    # The optimized kernels, with which the accuracy is measured, round otherwise.
    quick = IntegerNetwork(content).outputs(images)
    assert np.abs(np.array(outputs, int) - quick).max() <= 1


@pytest.mark.parametrize("name", MODELS)
def test_onnx_runtime_gives_the_same_answers(name: str, dataset: Dataset) -> None:
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    content, accuracy = run_with_tensorflow(convert_bundled, name, "onnx")
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (tensor,) = session.get_inputs()
    assert (tensor.name, tensor.shape[1:], tensor.type) == ("image", [28, 28], "tensor(float)")
    logits = session.run(None, {"image": dataset.x_test.astype(np.float32)})[0]
    answers = logits[:, :NOT_A_DIGIT].argmax(axis=1)
    assert accuracy == (answers == dataset.y_test).mean()
    expected = load_recognizer(name).classify(dataset.x_test).argmax(axis=1)
    # The champion's LiteRT file is in 8 bits.
    assert (answers != expected).sum() <= (10 if name == "champion" else 1)


def test_8_bits_cost_what_is_said(dataset: Dataset) -> None:
    content, accuracy = run_with_tensorflow(convert_bundled, QUICK, "int8")
    card = load_card(QUICK)
    assert len(content) < (BUNDLED_MODELS / QUICK / "model.tflite").stat().st_size / 3
    from mnist_core import Recognizer

    answers = Recognizer(content, card).classify(dataset.x_test).argmax(axis=1)
    assert accuracy == (answers == dataset.y_test).mean()
    assert accuracy == pytest.approx(card.test_accuracy, abs=0.001)


@pytest.fixture
def conversions(cache: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The conversions that were asked of the process; they take no time."""
    asked: list[str] = []

    def call(
        _self: object, _purpose: str, _card: ModelCard, _function: object, *rest: object
    ) -> object:
        asked.append(str(rest[1]))
        return b"a file", 0.9744

    monkeypatch.setattr(formats.KerasProcess, "call", call)
    return asked


def test_file_is_made_once(conversions: list[str]) -> None:
    card = load_card("cnn")
    assert known_accuracy(card, "micro") is None
    first = export_as(card, "micro")
    assert (first.file_name, first.content, first.accuracy) == ("cnn-micro.zip", b"a file", 0.9744)
    assert export_as(card, "micro") == first
    assert known_accuracy(card, "micro") == (6, 0.9744)
    export_as(card, "int8")
    export_as(load_card("mlp"), "micro")
    assert conversions == ["micro", "int8", "micro"]


def test_file_of_another_program_in_the_cache_is_made_again(
    conversions: list[str], cache: Path
) -> None:
    card = load_card("cnn")
    export_as(card, "micro")
    for path in cache.iterdir():
        store_arrays(path, {"size": np.array(3)})
    assert known_accuracy(card, "micro") is None
    assert export_as(card, "micro").content == b"a file"
    assert conversions == ["micro", "micro"]


def test_missing_packages_and_formats_are_named(
    conversions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    card = load_card("cnn")
    with pytest.raises(MnistError, match="int8, micro, onnx"):
        export_as(card, "pdf")
    monkeypatch.setattr(formats, "find_spec", lambda name: None)
    with pytest.raises(MnistError, match="python -m pip install onnx tf2onnx onnxruntime"):
        export_as(card, "onnx")
    assert conversions == []


def test_command_writes_the_file_and_its_accuracy(
    conversions: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "digits.onnx"
    for kind in FORMATS:
        assert main(["export", "mlp", "--format", kind, "--output", str(path)]) == 0
        assert path.read_bytes() == b"a file"
        last = capsys.readouterr().out.splitlines()[-1]
        assert last == f"{path}: 6 bytes, 97.44% test accuracy (-0.67% to mlp)"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["mlp", "--format", "onnx", "--quantize"], "Leave out --quantize"),
        (["mlp", "--output", "x"], "--format"),
        (["none", "--format", "onnx"], "none"),
        (["mlp", "--format", "onnx", "--output", "/no/such/folder/x"], "Choose another place"),
    ],
)
def test_command_refuses_what_cannot_be(
    conversions: list[str], capsys: pytest.CaptureFixture[str], arguments: list[str], why: str
) -> None:
    assert main(["export", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert why in line
    assert "Received: " in line
