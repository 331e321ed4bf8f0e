"""The Webcam page: hold a digit or a number up to the camera, and it is read live."""

import streamlit as st
from streamlit_webrtc import Translations, WebRtcMode, webrtc_streamer

from mnist_core import MnistError, Recognizer
from mnist_core.webcam.session import LiveReader
from pages.video import connection, ice, live_panel, live_video, places, settings_form
from pages.video.readers import own_reader
from pages.video.relay import frame_callback, install_latest_frame_relay
from pages.widgets import browser, correct, model_picker, reading, routing, uploads
from pages.widgets.announce import announce
from pages.widgets.appearance import show_title
from pages.widgets.show_errors import plain

# Seconds between two updates of the reading beside the video.
INTERVAL = 0.25
# A phone begins with the camera at its back, which shows the paper.
CAMERA = {
    "width": {"ideal": 640},
    "height": {"ideal": 480},
    "frameRate": {"ideal": 30},
    "facingMode": {"ideal": "environment"},
}
SNAPSHOT, UPLOAD = ":material/photo_camera: Snapshot", ":material/upload: Picture"

STYLE = """
<style>
/* A container query: the layout depends on the room beside the sidebar, not on the window. */
div:has(> .st-key-webcam_places) { container-type: inline-size; }
.st-key-webcam_places { display: grid; gap: 1rem 1.5rem; grid-template-columns: minmax(0, 1fr); }
@container (min-width: 720px) {
  .st-key-webcam_places { grid-template: auto 1fr / minmax(0, 3fr) minmax(0, 2fr); }
  .st-key-webcam_places > div:has(> .st-key-webcam_reading) { grid-area: 1 / 2 / 3 / 3; }
}
/* Four updates a second would show Streamlit's running icon all the time. */
.stStatusWidget { visibility: hidden; }
.st-key-live_reading { min-height: 7.5rem; }
.st-key-processed img { width: 100%; max-height: 260px; object-fit: contain; border-radius: .6rem;
  background: #000; image-rendering: pixelated; }
</style>
"""
TEXTS: Translations = {
    "start": "Start",
    "stop": "Stop",
    "select_device": "Choose a camera",
    "media_api_not_available": "Cameras work only on HTTPS and localhost.",
    "device_ask_permission": "Allow the camera: your browser is asking.",
    "device_not_available": "The camera is not connected, or another program uses it. Connect it "
    "or close the other program, then press Start again.",
    "device_access_denied": "The camera is blocked. Allow it in your browser's address bar, then "
    "press Start again.",
}
PROBLEMS = {
    "insecure": "**Cameras do not work at this address.** Browsers allow them only on HTTPS and "
    "localhost. Open the page over `https://` (see *docs/webcam.md*), or on the server itself at "
    "`http://localhost:8501`. Or read a picture below.",
    "none": "**No camera found.** Connect one; it is detected automatically. Or read a picture "
    "below.",
    "denied": "**The camera is blocked for this page.** Allow it in your browser's address bar or "
    "site settings, then press Start again. Or read a picture below.",
}


def main() -> None:
    """Show the page."""
    st.html(reading.STYLE + STYLE)
    show_title("Show a digit")
    try:
        recognizer = model_picker.recognizer()
        servers = ice.servers()
        places.places()
        camera = browser.camera_status()
        own = connection.by_page(webrtc=camera != "no WebRTC")
    except (MnistError, ValueError) as error:
        st.error(plain(str(error)))
        return
    state = st.session_state
    live = own_reader(recognizer)
    problem = PROBLEMS.get(camera)
    # What comes and goes is in a container, which is always there: the place of a fragment is part
    # of its ID, and Streamlit drops what a visitor does in a fragment whose ID has changed.
    with st.container():
        if problem:
            st.warning(problem, icon=":material/videocam_off:")
    # On a phone these are stacked in this order; on a wide screen STYLE places them.
    with st.container(key="webcam_places"):
        video_place, reading_place, settings_place = (
            st.container(key=f"webcam_{name}") for name in ("video", "reading", "settings")
        )
    with video_place:
        with st.container():
            running = show_video(live, servers, own)
        show_pause()
    browser.handle_input({"p": "paused"})
    if running and not state.get("video_on"):
        live.restart()
    state["video_on"] = running
    with settings_place:
        settings_form.show(live)
        connection.show_choice()
    with reading_place:
        # Without a running video the page does not rerun.
        st.fragment(live_panel.show, run_every=INTERVAL if running else None)(live, running, own)
        with st.container():
            if not own and (running or live.state.result):
                live_panel.show_snapshot_button(live)
        correct.show_live(live)
    show_alternatives(recognizer, suggested=bool(problem))


def show_video(live: LiveReader, servers: list[ice.Server], own: bool) -> bool:
    """Show the video with its Start button; return whether it runs or is starting.

    Args:
        live: the visitor's reader.
        servers: for WebRTC.
        own: send the frames over the page's own connection.
    """
    if places.wait_for_place():
        return False
    with st.container(key="video"):
        running = live_video.show(live, CAMERA, TEXTS) if own else show_webrtc(live, servers)
    places.keep_place(running)
    return running


def show_webrtc(live: LiveReader, servers: list[ice.Server]) -> bool:
    """Show the video that comes by WebRTC; return whether it runs or is starting."""
    install_latest_frame_relay()
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
            "aria-label": "Your camera, with the digits that were read",
        },
        translations=TEXTS,
        media_toggle_controls=False,
        on_change=connection.note_start,
    )
    return bool(video.state.playing or video.state.signalling)


@st.fragment
def show_pause() -> None:
    """Show the switch that pauses the reading while the video continues.

    The browser keeps its state and sends it with every run, so the panel, which applies it, also
    gets a click whose own run was lost.
    """
    st.toggle(
        browser.label_with_key("Pause reading", "P"),
        key="paused",
        persist_state="session",
        help="The video continues. Key: P",
    )


@st.fragment
def show_alternatives(recognizer: Recognizer, suggested: bool) -> None:
    """Show the reading of a snapshot or a picture; the upload is open if video is unavailable."""
    st.header("Without video")
    st.caption("Read a single picture: a snapshot from the camera, or a file.")
    state = st.session_state
    suggested = state["picture_offered"] = suggested or state.get("picture_offered", False)
    # A camera input asks for permission, so it is shown only on request. With and without a
    # suggestion these are two widgets: if the state of one were set here, a browser that sends its
    # states at this moment would overwrite it on the server but still show it.
    source = st.segmented_control(
        "Source",
        [SNAPSHOT, UPLOAD],
        default=UPLOAD if suggested else None,
        key="way_offered" if suggested else "way",
        persist_state="session",
        help="A snapshot opens the camera; your browser asks for permission.",
    )
    if source is None:
        return
    if source == SNAPSHOT:
        label = "Hold the digits up to the camera and take a photo"
        picture = uploads.choose_picture(label, key="camera", camera=True)
    else:
        picture = uploads.choose_picture("Picture of digits", key="picture")
    number = reading.show_picture(recognizer, picture, "auto") if picture else ""
    announce(number, key="picture_said")


routing.run(main)
