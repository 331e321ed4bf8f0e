"""Breaks a network on one image: attacks on its pixels, and changes of the weights."""

import numpy as np
import streamlit as st

from mnist_core import Recognizer
from mnist_core.charts.captions.perturbations import (
    describe_attack_path,
    describe_changed_answers,
    describe_missing_parts,
)
from mnist_core.charts.perturbations import answer_curves, change_image, part_bars
from mnist_core.explanation.keras_process import keras_process
from mnist_core.perturbations.attacks import ATTACKS, PATH, AttackPath, attack_path
from mnist_core.perturbations.weights import BITS, NOISE, classify_changed, list_parts
from pages.widgets.charts import chart, enlarged
from pages.widgets.model_picker import HASHES
from pages.widgets.show_errors import show_errors

NOISY, FEWER_BITS, OFF = "Noise on weights", "Fewer bits", "Layer off"
HELP = (
    "*FGSM* and *PGD* change all pixels a little, in the direction that misleads this network most "
    "(Goodfellow et al., 2015; Madry et al., 2018). The others change its weights."
)
WAIT = "Computing; the first time takes several seconds …"
# Enlargement of the images: three fit beside each other in a dialog and on a phone.
FACTOR = 3


@st.fragment
def show(recognizer: Recognizer, frame: np.ndarray, key: str) -> None:
    """Show the panel for a frame, (28, 28) uint8; a change of it reruns only the panel."""
    with st.container(key=f"break_{key}"), show_errors():
        how = st.segmented_control(
            "Break it by",
            [*ATTACKS, NOISY, FEWER_BITS, OFF],
            default=ATTACKS[0],
            required=True,
            key=f"{key}_break",
            persist_state="session",
            help=HELP,
        )
        if how in ATTACKS:
            _show_attack(recognizer, frame, how, key)
        elif how == OFF:
            _show_parts(recognizer, frame, key)
        else:
            _show_changed_weights(recognizer, frame, "noise" if how == NOISY else "bits", key)
        if how not in ATTACKS:
            st.caption("Computed with the Keras model, in 32 bits.")


@st.cache_resource(show_spinner=False, max_entries=100, hash_funcs=HASHES)
def _path(recognizer: Recognizer, frame: np.ndarray, method: str) -> AttackPath:
    return attack_path(keras_process(), recognizer, frame, method)


@st.cache_resource(show_spinner=False, max_entries=100, hash_funcs=HASHES)
def _answers(
    recognizer: Recognizer, frame: np.ndarray, change: str, levels: tuple[float | str, ...]
) -> np.ndarray:
    """The probabilities with each change, (levels, 10)."""
    frames = frame[np.newaxis]
    return classify_changed(keras_process(), recognizer.card, frames, change, levels)[:, 0]


@st.cache_resource(show_spinner=False, max_entries=16, hash_funcs=HASHES)
def _parts(recognizer: Recognizer) -> tuple[str, ...]:
    return tuple(list_parts(keras_process(), recognizer.card))


def _show_attack(recognizer: Recognizer, frame: np.ndarray, method: str, key: str) -> None:
    with st.spinner(WAIT):
        path = _path(recognizer, frame, method)
    epsilon = st.slider(
        "ε: the most that a pixel may change",
        PATH[0],
        PATH[-1],
        0.1,
        PATH[1],
        key=f"{key}_epsilon",
        persist_state="session",
        help="As a fraction of the range from black to white: 0.1 is 25 of 255 grey levels.",
    )
    place = int(np.abs(path.epsilons - epsilon).argmin())
    with st.container(horizontal=True, gap="small", key=f"{key}_attacked"):
        for picture, answer, alt in (
            (enlarged(frame, FACTOR), _answer(path, 0), "The image before the attack."),
            (
                change_image(frame, path.frames[place], factor=FACTOR),
                "the change",
                "The change of each pixel: blue is added ink, orange is ink taken away.",
            ),
            (
                enlarged(path.frames[place], FACTOR),
                _answer(path, place),
                f"The image after the attack, read as {_answer(path, place)}.",
            ),
        ):
            st.image(picture, caption=answer, width=28 * FACTOR, alt=alt)
    chart(
        answer_curves(method, path.epsilons.tolist(), path.probabilities, selected=epsilon),
        "attack",
        "The probabilities of the digits against the strength of the attack.",
        caption=describe_attack_path(path),
        key=f"{key}_attack_chart",
    )


def _answer(path: AttackPath, place: int) -> str:
    confidence = path.probabilities[place].max()
    refused = "" if path.is_digit[place] else ", refused"
    return f"{path.labels[place]}, {confidence:.1%}{refused}"


def _show_changed_weights(recognizer: Recognizer, frame: np.ndarray, change: str, key: str) -> None:
    levels = NOISE if change == "noise" else BITS
    with st.spinner(WAIT):
        answers = _answers(recognizer, frame, change, levels)
    chart(
        answer_curves(change, levels, answers),
        change,
        "The probabilities of the digits against the change of the weights.",
        caption=describe_changed_answers(change, levels, answers),
        key=f"{key}_weights_chart",
    )


def _show_parts(recognizer: Recognizer, frame: np.ndarray, key: str) -> None:
    with st.spinner(WAIT):
        parts = _parts(recognizer)
        answers = _answers(recognizer, frame, "off", parts)
    complete = recognizer.classify(frame[np.newaxis])[0]
    label = int(complete.argmax())
    chart(
        part_bars(parts, answers[:, label], float(complete[label]), f"probability of {label}"),
        "layers_off",
        f"The probability of {label} without each layer or branch.",
        caption=describe_missing_parts(parts, answers, label),
        key=f"{key}_parts_chart",
    )
