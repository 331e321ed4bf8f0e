"""The panel beside the video says what the box cuts."""

from streamlit.testing.v1 import AppTest


def show_panel() -> None:
    from support.sheets import sheet

    from mnist_core import load_recognizer
    from mnist_core.webcam.session import LiveReader
    from mnist_core.webcam.settings import WebcamSettings
    from pages.video import live_panel

    live = LiveReader(load_recognizer())
    live.settings = WebcamSettings(roi=(0.1, 0.1, 0.8, 0.8))
    live.process(sheet(4, 5, side=100, at=(510, 240)))
    live_panel.show(live, running=True)


def test_digit_cut_by_the_box_is_said() -> None:
    panel = AppTest.from_function(show_panel, default_timeout=30).run()
    assert not panel.exception
    captions = " ".join(caption.value for caption in panel.caption)
    assert "Largest digit: 4" in captions
    assert "One mark was left out: at the right border." in captions
