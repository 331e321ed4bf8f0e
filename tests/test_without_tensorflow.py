"""A server without TensorFlow: everything but training works, and training says what is missing."""

from __future__ import annotations

from pathlib import Path

from support.processes import run_in_fresh_process
from support.servers import encode_digit
from support.without_tensorflow import commands, walk

SENTENCE = "needs TensorFlow, which is not installed here. To train on this computer, run: "


def test_all_pages_work_but_training(runs: Path) -> None:
    seen = run_in_fresh_process(walk)
    assert f"Training {SENTENCE}" in seen.pop("train info").replace("\\", "")
    assert seen.pop("start") is True
    assert len(seen) >= 11
    assert not any(seen.values()), seen


def test_commands_that_train_say_what_is_missing_and_others_work(
    runs: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "seven.png"
    picture.write_bytes(encode_digit(7))
    trains = (
        "train --architecture mlp",
        "ensemble cnn mlp --name duo",
        "export mlp",
        "tune --architecture mlp --name best",
        "train-strings",
    )
    others = ("models", f"read {picture}")
    results = run_in_fresh_process(commands, *trains, *others)
    for code, text in results[: len(trains)]:
        assert (code, text.count("\n")) == (2, 1)
        assert SENTENCE in text
    assert results[len(trains) :] == [(0, "")] * 2
