"""The processor time that a reading may take."""

from __future__ import annotations

import threading
import time

import pytest

from mnist_core.errors import ClutteredImageError, InvalidImageError
from mnist_core.preprocessing.budget import check_time, time_budget, uncounted


def work(seconds: float) -> None:
    """Use processor time."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_time_is_unlimited_outside_of_a_budget() -> None:
    with time_budget(0):
        pass
    check_time()


def test_used_up_time_is_an_error_with_a_remedy() -> None:
    with time_budget(0), pytest.raises(ClutteredImageError, match=r"too cluttered.*Crop") as caught:
        check_time()
    assert isinstance(caught.value, InvalidImageError)


def test_waiting_and_other_threads_do_not_use_it_up() -> None:
    with time_budget(0.05):
        thread = threading.Thread(target=work, args=(0.06,))
        thread.start()
        thread.join()
        check_time()


def test_what_is_done_once_is_not_counted() -> None:
    with time_budget(0.05):
        with uncounted():
            work(0.1)
        check_time()
        work(0.1)
        with pytest.raises(ClutteredImageError):
            check_time()
