"""Hold a digit or a whole number into the camera, and it is read live."""

import time
from dataclasses import replace

import cv2
import numpy as np
import streamlit as st
from streamlit_webrtc import WebRtcMode, webrtc_streamer

from mnist_core import MnistError
from mnist_core.charts.probabilities import probability_bars
from mnist_core.webcam.reader import WebcamSettings
from mnist_core.webcam.session import LiveReader, LiveState
from pages.video import ice
from pages.video.relay import frame_callback, send_the_newest
from pages.widgets import browser, correct, model_picker, reading, routing
from pages.widgets.gallery import png_source
from pages.widgets.reading import INKS, show_picture
from pages.widgets.save_button import save_button

# How often the readings beside the video are renewed, and how long a connection may take, seconds.
RENEWED, PATIENCE = 0.25, 10
CAMERA = {"width": {"ideal": 640}, "height": {"ideal": 480}, "frameRate": {"ideal": 30}}
SNAPSHOT, UPLOAD = ":material/photo_camera: Snapshot", ":material/upload: Picture"

STYLE = """
<style>
/* What is measured is the room beside the sidebar, not the window. */
div:has(> .st-key-webcam_places) { container-type: inline-size; }
.st-key-webcam_places { display: grid; gap: 1rem 1.5rem; grid-template-columns: minmax(0, 1fr); }
@container (min-width: 720px) {
  .st-key-webcam_places { grid-template: auto 1fr / minmax(0, 3fr) minmax(0, 2fr); }
  .st-key-webcam_places > div:has(> .st-key-webcam_reading) { grid-area: 1 / 2 / 3 / 3; }
}
/* Four readings a second are no work that a visitor waits for. */
.stStatusWidget { visibility: hidden; }
.st-key-live_reading { min-height: 7.5rem; }
.st-key-processed img { width: 100%; max-height: 260px; object-fit: contain; border-radius: .6rem;
  background: #000; image-rendering: pixelated; }
</style>
"""
# What the video's own frame says when the camera does not come.
TRANSLATIONS = {
    "start": "Start",
    "stop": "Stop",
    "select_device": "Choose a camera",
    "media_api_not_available": "No camera can be used here: the page is not on HTTPS or localhost.",
    "device_ask_permission": "Allow the camera: your browser is asking.",
    "device_not_available": "The camera is not there, or another program has it. Plug it in or "
    "close the other program, then press Start again.",
    "device_access_denied": "The camera was denied. Allow it in the address bar of your browser, "
    "then press Start again.",
}
PROBLEMS = {
    "insecure": "**No camera can be used at this address.** Browsers give it only to pages on "
    "HTTPS or on localhost. Open the page by `https://` (the README says how), or on the machine "
    "itself as `http://localhost:8501`. A picture can be sent below.",
    "none": "**No camera was found.** Plug one in, and it is seen at once. A picture can be sent "
    "below.",
    "denied": "**The camera is blocked for this page.** Allow it in your browser's address bar or "
    "in its settings for this page, then press Start again. A picture can be sent below.",
}
NO_CONNECTION = (
    "**No video has come in {seconds} seconds.** Browser and server do not find each other: a "
    "firewall is between them, or they are in different networks. Press Stop and Start to try "
    "again; if it stays so, whoever runs the server has to name a TURN server (see *Webcam across "
    "a network* in the README). A picture can be sent below."
)


def main() -> None:
    """The page."""
    st.html(reading.STYLE + STYLE)
    st.title("Show a digit")
    try:
        recognizer = model_picker.recognizer()
        servers = ice.servers()
    except (MnistError, ValueError) as error:
        st.error(str(error))
        return
    state = st.session_state
    # A reader for each visitor; the model is everyone's.
    live: LiveReader = state.setdefault("webcam_reader", LiveReader(recognizer))
    live.recognizer = recognizer
    problem = PROBLEMS.get(browser.camera())
    if problem:
        st.warning(problem, icon=":material/videocam_off:")
    # One below the other on a phone: the reading under the video, then what is behind it, and the
    # settings last. A wide screen has a place for each, by STYLE.
    with st.container(key="webcam_places"):
        video_place, reading_place, settings_place = (
            st.container(key=f"webcam_{name}") for name in ("video", "reading", "settings")
        )
    send_the_newest()
    with video_place:
        with st.container(key="video"):
            video = webrtc_streamer(
                key="webcam",
                mode=WebRtcMode.SENDRECV,
                rtc_configuration={"iceServers": servers},
                media_stream_constraints={"video": CAMERA, "audio": False},
                video_frame_callback=frame_callback(live),
                video_html_attrs={
                    "autoPlay": True,
                    "controls": False,
                    "muted": True,
                    "style": {"width": "100%", "borderRadius": "0.6rem"},
                },
                translations=TRANSLATIONS,
                media_toggle_controls=False,
            )
        show_pause(live)
    browser.assist({"p": "pause"})
    on = video.state.playing or video.state.signalling
    if on and not state.get("video_on"):
        live.restart()
        state["video_since"] = time.monotonic()
    state["video_on"] = on
    with settings_place:
        show_settings(live)
    with reading_place:
        # Only a running video is watched: an idle page asks for nothing.
        st.fragment(show_live, run_every=RENEWED if on else None)(live, on)
        if on or live.state.result:
            show_snapshot(live)
        correct.offer_live(live)
    show_other_ways(bool(problem))


@st.fragment
def show_pause(live: LiveReader) -> None:
    """The button under the video that lets it go on unread, and back."""
    state = st.session_state
    paused = state.setdefault("paused", False)
    st.button(
        "Resume reading :small[P]" if paused else "Pause reading :small[P]",
        icon=":material/play_arrow:" if paused else ":material/pause:",
        key="pause",
        on_click=lambda: state.update(paused=not state["paused"]),
    )
    live.settings = replace(live.settings, inference=not paused)


@st.fragment
def show_settings(live: LiveReader) -> None:
    """How the video is read; every change acts on the next frame."""
    with st.container(horizontal=True, vertical_alignment="center"):
        automatic = st.toggle("Automatic threshold", value=True, key="automatic")
        mirror = st.toggle("Mirror", key="mirror", help="Show the video as a mirror does.")
    threshold = st.slider(
        "Threshold",
        0,
        255,
        110,
        key="threshold",
        disabled=automatic,
        help="The grey level that parts ink from paper: the processed view shows what it does.",
    )
    with st.container(horizontal=True):
        ink = st.segmented_control(
            "Ink",
            list(INKS),
            default="auto",
            required=True,
            format_func=INKS.__getitem__,
            key="ink",
        )
        smoothing = st.slider(
            "Frames that vote on the reading",
            1,
            30,
            WebcamSettings().smoothing,
            key="smoothing",
            width=220,
            help="More frames: a steadier reading that follows more slowly. 1: no smoothing.",
        )
    with st.expander("The box: only what lies wholly inside is read"):
        default = WebcamSettings().roi
        columns = st.columns(2)
        with columns[0]:
            width = st.slider("Width (%)", 5, 100, round(100 * default[2]), key="roi_width")
            x = st.slider("Left to right (%)", 0, 100, 50, key="roi_x", help="50: in the middle.")
        with columns[1]:
            height = st.slider("Height (%)", 5, 100, round(100 * default[3]), key="roi_height")
            y = st.slider("Top to bottom (%)", 0, 100, 50, key="roi_y", help="50: in the middle.")
    live.settings = WebcamSettings(
        inference=not st.session_state["paused"],
        roi=((100 - width) * x / 10_000, (100 - height) * y / 10_000, width / 100, height / 100),
        threshold=None if automatic else threshold,
        ink=ink,
        smoothing=smoothing,
        mirror=mirror,
    )


def show_live(live: LiveReader, on: bool) -> None:
    """The reading and what is behind it, renewed while the video runs."""
    now = live.state
    with st.container(key="live_reading"):
        st.html(reading_of(now, on, live.settings.inference))
    waited = time.monotonic() - st.session_state.get("video_since", time.monotonic())
    if on and not now.frames and not now.error and waited > PATIENCE:
        st.error(NO_CONNECTION.format(seconds=PATIENCE))
    if now.error:
        st.error(now.error)
    # Always there, so that nothing jumps: empty while there is nothing to show.
    result = now.result
    digits = result.digits if result and on else []
    largest = max(digits, key=lambda digit: digit.box[2] * digit.box[3], default=None)
    st.caption("The largest digit" if largest is None else f"The largest digit: {largest.label}")
    st.plotly_chart(
        probability_bars(largest.probabilities if largest else np.zeros(10, np.float32)),
        key="live_bars",
        config={"displayModeBar": False},
        alt="Probabilities of the ten digits for the largest digit in the box.",
    )
    if result and on:
        st.caption(
            f"{now.fps:.0f} frames per second · {now.milliseconds:.1f} ms per frame · "
            f"{now.skipped} frames skipped"
        )
        with st.container(key="processed"):
            st.html(as_image(result.ink, "What the threshold made of the box: ink is white."))
    show_history(live, now)


def show_snapshot(live: LiveReader) -> None:
    """The button that saves the frame at hand, with what is drawn over it."""

    def make() -> bytes | None:
        result = live.state.result
        return cv2.imencode(".png", result.annotated)[1].tobytes() if result else None

    save_button(
        "Save a snapshot",
        make,
        "snapshot.png",
        "image/png",
        key="snapshot",
        icon=":material/photo_camera:",
        nothing="No picture has come yet. Press again when the video runs.",
    )


def reading_of(now: LiveState, on: bool, inference: bool) -> str:
    """The reading, large, as HTML; or what to do to get one."""
    if not on:
        return '<p class="invitation">Press Start, and hold a digit into the box.</p>'
    if not inference:
        return '<p class="invitation">Paused.</p>'
    if now.result is None:
        return '<p class="invitation">Connecting …</p>'
    if not now.result.reading:
        return '<p class="invitation">Hold a digit, or a whole number, into the box.</p>'
    return f"<p>{now.result.reading}</p>"


def show_history(live: LiveReader, now: LiveState) -> None:
    """The numbers read lately, the newest first."""
    if not now.history:
        return
    zone = st.context.timezone
    with st.container(key="history"):
        st.dataframe(
            {
                "Time": [past.at for past in now.history],
                "Number": [past.reading for past in now.history],
                "Confidence": [past.confidence for past in now.history],
            },
            column_config={
                "Time": st.column_config.DatetimeColumn(format="HH:mm:ss", timezone=zone),
                "Confidence": st.column_config.NumberColumn(format="percent"),
            },
            hide_index=True,
            height=min(250, 38 + 35 * len(now.history)),
        )
    st.button("Forget these", icon=":material/delete:", key="forget", on_click=live.clear_history)


def as_image(image: np.ndarray, alt: str) -> str:
    """A picture as HTML with its data inside: four a second would fill the server's media store."""
    return f'<img src="{png_source(image)}" alt="{alt}">'


@st.fragment
def show_other_ways(needed: bool) -> None:
    """A snapshot or a picture, for those whose camera does not come."""
    st.subheader("Without video")
    st.caption("A single picture is read just as well: a snapshot from the camera, or a file.")
    recognizer = st.session_state["webcam_reader"].recognizer
    state = st.session_state
    offered = state["picture_offered"] = needed or state.get("picture_offered", False)
    # The camera is asked for only when a snapshot is wanted. What is offered is a widget of its
    # own: were the state of one set here, a browser that sends its states at that moment would take
    # it back on the server, and go on to show it.
    way = st.segmented_control(
        "Way",
        [SNAPSHOT, UPLOAD],
        default=UPLOAD if offered else None,
        key="way_offered" if offered else "way",
        label_visibility="collapsed",
    )
    if way is None:
        return
    if way == SNAPSHOT:
        picture = st.camera_input("Hold the digits into the camera and press the button")
    else:
        picture = st.file_uploader("A picture of digits", type=["png", "jpg", "jpeg", "webp"])
    if picture is not None:
        show_picture(recognizer, picture.name, picture.getvalue(), "auto")


routing.run(main)
