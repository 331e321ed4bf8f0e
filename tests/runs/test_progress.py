"""The progress of a training, from its events."""

from __future__ import annotations

import pytest
from support.cards import make_card

from mnist_core.runs.progress import follow
from mnist_core.training.events import BatchEnd, Done, EpochEnd, Message, TrainingEvent


def batch(epoch: int, number: int, loss: float = 1.0, speed: float = 100.0) -> BatchEnd:
    return BatchEnd(
        epoch=epoch, epochs=4, batch=number, batches=10, loss=loss, accuracy=0.5,
        images_per_second=speed,
    )  # fmt: skip


def end(number: int, loss: float = 1.0, seconds: float = 8.0) -> EpochEnd:
    return EpochEnd(
        epoch=number, epochs=4, loss=loss, accuracy=0.5, val_loss=loss, val_accuracy=0.6,
        seconds=seconds,
    )  # fmt: skip


def test_follow_without_events() -> None:
    progress = follow([])
    assert (progress.text, progress.share, progress.seconds_left) == ("Starting", 0.0, None)
    assert (progress.training, progress.validation, progress.images_per_second) == ([], [], 0.0)


@pytest.mark.parametrize(
    ("events", "share", "left"),
    [
        ([Message(text="Loading")], 0.0, None),
        ([batch(1, 5)], 0.125, 35 * 20 / 100),
        ([batch(1, 10), end(1)], 0.25, 24.0),
        ([end(1, seconds=90.0), end(2, seconds=8.0), end(3, seconds=10.0)], 0.75, 10.0),
        ([batch(4, 10), end(4)], 1.0, 0.0),
        ([end(1), Done(card=make_card())], 1.0, 0.0),
    ],
)
def test_follow_estimates_share_and_time_left(
    events: list[TrainingEvent], share: float, left: float | None
) -> None:
    progress = follow(events, batch_size=20)
    assert progress.share == pytest.approx(share)
    assert progress.seconds_left == (left if left is None else pytest.approx(left))


def test_follow_counts_repeated_epochs_once() -> None:
    first = [batch(1, 10, 3.0), end(1, 3.0), batch(2, 10, 2.0), end(2, 2.0), batch(3, 5, 9.0)]
    again = [Message(text="Resuming after epoch 1"), batch(2, 10, 2.5), end(2, 2.5)]
    progress = follow([*first, *again])
    assert [point[:2] for point in progress.training] == [(1.0, 3.0), (2.0, 2.5)]
    assert [point[:2] for point in progress.validation] == [(1, 3.0), (2, 2.5)]
    assert progress.share == 0.5
