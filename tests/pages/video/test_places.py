"""Who may watch video, and who waits."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from support.apps import run_page

from mnist_core import MnistError
from pages.video import places as module
from pages.video.places import Places


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_visitors_wait_in_the_order_in_which_they_came() -> None:
    clock = Clock()
    places = Places(2, clock)
    assert [places.ask(name, running=False) for name in "abcd"] == [0, 0, 0, 0]  # none is running
    assert [places.ask(name, running=True) for name in "ab"] == [0, 0]
    assert [places.ask(name, running=False) for name in "cde"] == [1, 2, 3]
    assert places.ask("e", running=True) == 3  # pressed Start nevertheless
    assert places.ask("a", running=False) == 3  # stopped, and is behind the others now
    assert [places.ask(name, running=False) for name in "cde"] == [0, 1, 2]
    assert places.ask("d", running=True) == 1
    assert places.ask("c", running=True) == 0
    assert places.ask("b", running=True) == 0


def test_place_of_a_visitor_who_has_left_is_given_away() -> None:
    clock = Clock()
    places = Places(1, clock)
    places.ask("a", running=True)
    assert [places.ask(name, running=False) for name in "bc"] == [1, 2]
    clock.now += 9
    assert places.ask("c", running=False) == 2
    clock.now += 9
    assert places.ask("c", running=False) == 0


def test_turn_of_a_visitor_who_does_not_start_passes_on() -> None:
    clock = Clock()
    places = Places(1, clock)
    places.ask("a", running=True)
    assert [places.ask(name, running=False) for name in "bc"] == [1, 2]
    places.ask("a", running=False)
    for _ in range(5):
        assert places.ask("b", running=False) == 0
        clock.now += 7
        places.ask("c", running=False)
        places.ask("a", running=False)
    assert places.ask("c", running=False) == 0
    assert places.ask("b", running=False) > 0


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5"])
def test_wrong_number_of_places_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(module.VARIABLE, text)
    with pytest.raises(MnistError, match="MNIST_VIEWERS must be a whole number"):
        module.places()


def test_page_tells_who_waits_and_lets_the_next_one_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(module.VARIABLE, "1")
    started = []
    video = SimpleNamespace(state=SimpleNamespace(playing=False, signalling=False))
    monkeypatch.setattr(
        "streamlit_webrtc.webrtc_streamer", lambda **options: started.append(options) or video
    )
    module.places().ask("another", running=True)
    app = run_page("webcam")
    assert "All places for video are taken (1).** 1 visitor is before you" in app.info[0].value
    assert not started
    module.places().ask("another", running=False)
    app.run()
    assert not app.info
    assert started
