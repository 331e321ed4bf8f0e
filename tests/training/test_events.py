"""Events and their JSON form."""

from __future__ import annotations

import pytest
from support.cards import make_card

from mnist_core.training.events import (
    BatchEnd,
    Done,
    EpochEnd,
    Message,
    TrainingEvent,
    event_from_json,
    event_to_json,
)

EPOCH = EpochEnd(
    epoch=1, epochs=2, loss=0.5, accuracy=0.9, val_loss=0.4, val_accuracy=0.91, seconds=3.2
)


@pytest.mark.parametrize(
    "event",
    [
        Message(text="Ünïcode\nand a line"),
        BatchEnd(epoch=1, epochs=2, batch=3, batches=4, loss=0.1, accuracy=0.2),
        EPOCH,
        Done(card=make_card()),
    ],
)
def test_event_from_json_restores_an_event(event: TrainingEvent) -> None:
    line = event_to_json(event)
    assert "\n" not in line
    assert event_from_json(line) == event


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Epoch 1",
        "{",
        "null",
        "[]",
        "7",
        "{}",
        '{"event": "unknown"}',
        '{"event": "message"}',
        '{"event": "message", "text": "x", "more": 1}',
        '{"event": "done", "card": {}}',
        '{"event": "done", "card": 7}',
        '{"event": ["message"], "text": "x"}',
        '{"event": "batch", "epoch": 1}',
        "[" * 10**5,
        event_to_json(EPOCH).replace("3.2", '"long"'),
        event_to_json(EPOCH).replace("3.2", "1" * 400),
        '{"event": "message", "text": "x"} and more',
    ],
)
def test_event_from_json_rejects_other_lines(line: str) -> None:
    with pytest.raises(ValueError, match=r"not a training event"):
        event_from_json(line)
