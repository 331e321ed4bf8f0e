"""The state that video and page share."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from support.sheets import sheet

from mnist_core import Recognizer, load_recognizer
from mnist_core.webcam.reader import WebcamSettings
from mnist_core.webcam.session import LiveReader


@pytest.fixture
def live(recognizer: Recognizer) -> LiveReader:
    reader = LiveReader(recognizer)
    reader.settings = WebcamSettings(smoothing=1)
    return reader


def test_state_is_empty_before_the_first_frame(live: LiveReader) -> None:
    state = live.state
    assert (state.result, state.frames, state.fps, state.history) == (None, 0, 0.0, ())


def test_frames_are_read_and_counted(live: LiveReader) -> None:
    annotated = live.process(sheet(3), 0.0)
    assert annotated.shape == (480, 640, 3)
    live.process(sheet(3), 0.03)
    state = live.state
    assert state.result is not None
    assert state.result.reading == "3"
    assert state.frames == 2
    assert state.fps > 0
    assert state.milliseconds > 0
    assert state.error is None


def test_settings_apply_to_the_next_frame(live: LiveReader) -> None:
    live.process(sheet(3))
    live.settings = WebcamSettings(smoothing=1, threshold=0)
    live.process(sheet(3))
    assert live.state.result is not None
    assert live.state.result.reading == ""
    live.settings = WebcamSettings(inference=False)
    live.process(sheet(3))
    assert live.state.result.reading == ""


def test_skipped_frames_are_counted(live: LiveReader) -> None:
    for number in (0, 1, 2, 3, 6, 7, 8, 10):
        live.process(sheet(), number / 30)
    assert live.state.skipped == 3


def test_history_has_each_change_once_newest_first(live: LiveReader) -> None:
    for digit in (3, 3, 8, 8, 3):
        live.process(sheet(digit))
    live.process(sheet())
    assert [past.reading for past in live.state.history] == ["3", "8", "3"]
    assert all(0.5 < past.confidence <= 1 for past in live.state.history)
    times = [past.at for past in live.state.history]
    assert times == sorted(times, reverse=True)
    live.clear_history()
    assert live.state.history == ()


def test_invalid_frame_is_returned_with_an_error(live: LiveReader) -> None:
    bad = np.zeros((4, 4, 2), np.uint8)
    assert live.process(bad) is bad
    assert live.state.error is not None
    assert "Received: shape (4, 4, 2)" in live.state.error
    live.process(sheet(3))
    assert live.state.error is None


def test_unexpected_error_does_not_end_the_video(
    live: LiveReader, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr("mnist_core.webcam.reader.draw_viewfinder", broken)
    frame = sheet(3)
    assert live.process(frame) is frame
    assert "server's log" in (live.state.error or "")
    assert "out of luck" in caplog.text


def test_restart_resets_all_but_the_history(live: LiveReader) -> None:
    live.process(sheet(3), 5.0)
    live.restart()
    assert (live.state.frames, live.state.result, live.state.fps) == (0, None, 0.0)
    assert [past.reading for past in live.state.history] == ["3"]
    live.process(sheet(3), 0.0)
    assert live.state.skipped == 0


def test_new_recognizer_reads_the_next_frame(live: LiveReader) -> None:
    other = load_recognizer("mlp")
    live.recognizer = other
    assert live.recognizer is other
    live.process(sheet(3))
    assert live.state.result is not None
    assert live.state.result.reading == "3"


def test_page_and_video_threads_run_concurrently(live: LiveReader) -> None:
    stop = time.monotonic() + 1.5
    failures: list[BaseException] = []

    def video() -> None:
        try:
            number = 0
            while time.monotonic() < stop:
                live.process(sheet(number % 10), number / 30)
                number += 1
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=video) for _ in range(3)]
    for thread in threads:
        thread.start()
    waits = []
    while time.monotonic() < stop:
        live.settings = WebcamSettings(smoothing=1 + len(waits) % 5)
        start = time.monotonic()
        state = live.state
        waits.append(time.monotonic() - start)
        assert len(state.history) <= 20
        time.sleep(0.01)
    for thread in threads:
        thread.join()
    assert not failures
    assert live.state.frames > 5


def test_reading_is_cleared_when_no_frame_comes_for_two_seconds(
    live: LiveReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.process(sheet(3))
    last = time.monotonic()
    monkeypatch.setattr("mnist_core.webcam.session.time.monotonic", lambda: last + 1.5)
    assert live.state.result is not None
    assert not live.state.interrupted
    monkeypatch.setattr("mnist_core.webcam.session.time.monotonic", lambda: last + 2.5)
    assert live.state.result is None
    assert live.state.interrupted
    assert live.state.history[0].reading == "3"
    live.process(sheet(3))
    assert live.state.result is not None
    assert not live.state.interrupted


@pytest.mark.parametrize("mirror", [False, True])
def test_region_alone_is_read_as_in_its_frame(live: LiveReader, mirror: bool) -> None:
    live.settings = WebcamSettings(smoothing=1, mirror=mirror, roi=(0.3, 0.2, 0.5, 0.6))
    frame = sheet(4, 7, side=120, at=(290, 240))
    live.process(frame)
    whole = live.state.result
    left = 128 if mirror else 192  # the region is at 192 of the shown frame's 640 columns
    region = live.process_region(frame[96:384, left : left + 320])
    assert whole is not None
    assert region is not None
    assert region.reading == whole.reading == "47"
    assert np.array_equal(region.ink, whole.ink)
    for one, other in zip(region.digits, whole.digits, strict=True):
        assert one.label == other.label
        assert one.confidence == other.confidence
        assert (one.box[0] + 192, one.box[1] + 96, *one.box[2:]) == other.box


def test_region_that_cannot_be_read_is_explained(live: LiveReader) -> None:
    assert live.process_region(np.zeros((4, 4, 2), np.uint8)) is None
    assert "Received: shape (4, 4, 2)" in (live.state.error or "")
