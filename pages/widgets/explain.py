"""Explains a prediction: evidence, activations, Grad-CAM, similar training images, attacks."""

from typing import Any

import numpy as np
import streamlit as st

from mnist_core import Recognizer
from mnist_core.charts.captions.explanation import describe_evidence, describe_grad_cam
from mnist_core.charts.explanation import evidence_map, heat_over, layer_tiles, perturbation_image
from mnist_core.explanation.activations import ActivationReader, open_activations
from mnist_core.explanation.grad_cam import grad_cam
from mnist_core.explanation.keras_process import keras_process
from mnist_core.explanation.occlusion import Explanation, explain
from mnist_core.registry.card import ModelCard
from pages.widgets import break_it, similar
from pages.widgets.charts import chart, show_caption
from pages.widgets.model_picker import HASHES
from pages.widgets.show_errors import show_errors

ACTIVATIONS, GRAD_CAM, SIMILAR = "Activations", "Grad-CAM", "Most like yours"
BREAK = "Break it"
HELP = (
    "Each patch of 4 by 4 pixels was erased and filled with ink, one at a time, and the network "
    "was run again. Hover for values: at +1, changing the patch makes the odds of the digit ten "
    "times lower."
)
# The side of a map in px: two fit beside each other in a dialog.
SIDE = 220


@st.fragment
def show(recognizer: Recognizer, frame: np.ndarray, key: str, side: int = SIDE) -> None:
    """Explain the prediction for a frame, (28, 28) uint8, with maps of this side in px."""
    with st.container(key=f"why_{key}"), show_errors():
        explanation = _explain(recognizer, frame)
        _show_evidence(explanation, key, side)
        _show_perturbation(explanation)
        _show_internals(recognizer, explanation, key, side)


@st.cache_resource(show_spinner=False, max_entries=100, hash_funcs=HASHES)
def _explain(recognizer: Recognizer, frame: np.ndarray) -> Explanation:
    return explain(recognizer.classify, frame)


@st.cache_resource(show_spinner=False, max_entries=16, hash_funcs=HASHES)
def activation_reader(card: ModelCard) -> ActivationReader:
    """The activations of a model, opened once for all visitors."""
    return open_activations(card)


def _show_evidence(explanation: Explanation, key: str, side: int) -> None:
    """Show the evidence for the prediction and for the runner-up, side by side where both fit."""
    answers = {explanation.label: "prediction", explanation.runner_up: "runner-up"}
    with st.container(horizontal=True, gap="small"):
        for place, (digit, role) in enumerate(answers.items()):
            evidence = explanation.evidence[digit]
            _show_map(
                f"**Evidence for {digit}**  \n"
                f":small[{role}, {explanation.probabilities[digit]:.1%}]",
                evidence_map(explanation.frame, evidence, limit=explanation.limit, side=side),
                key=f"{key}_evidence_{place}",
                name=f"evidence_for_{digit}",
                side=side,
                alt=f"The digit; blue marks evidence for {digit}, orange evidence against it.",
            )
    show_caption(describe_evidence(explanation), help=HELP)


def _show_map(title: str, figure: Any, *, key: str, name: str, side: int, alt: str) -> None:
    with st.container(width=side, gap="small"):
        st.markdown(title)
        chart(figure, name, alt, key=key, width=side)


def _show_perturbation(explanation: Explanation) -> None:
    """Show the smallest change that alters the prediction, or comes nearest to it."""
    change = explanation.nearest
    done = "erased" if change.kind == "erased" else "filled with ink"
    answer = f"{change.label} ({change.probabilities.max():.1%})"
    if change.label != explanation.label:
        text = f"With this patch {done}, the prediction is {answer}."
    else:
        text = (
            f"No single patch changes it. With this one {done}, the confidence is lowest: {answer}."
        )
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.image(
            perturbation_image(change, factor=8),
            width=112,
            alt=f"The digit with one patch {done}; the patch has an orange frame.",
        )
        st.markdown(f"**What would change the prediction**  \n:small[{text}]")


def _show_internals(recognizer: Recognizer, explanation: Explanation, key: str, side: int) -> None:
    """Show what was asked for; nothing is computed before."""
    card = recognizer.card
    choice = st.segmented_control(
        "Look inside",
        [ACTIVATIONS, GRAD_CAM, SIMILAR, BREAK],
        key=f"{key}_inside",
        persist_state="session",
        help="*Activations*: the output of each layer. *Grad-CAM*: where the network looks. "
        "*Most like yours*: similar training images. *Break it*: what misleads the network.",
    )
    if choice == ACTIVATIONS:
        st.caption("The output of each layer, from the first to the last.")
        for layer in activation_reader(card).layers(explanation.frame):
            shape = " x ".join(str(length) for length in layer.values.shape)
            window = f" ({layer.window} x {layer.window})" if layer.window else ""
            st.image(
                layer_tiles(layer),
                caption=f"{layer.name}{window}: {shape}",
                width="stretch",
                alt=f"Activations of {layer.name}: {shape} values, dark to bright.",
            )
    elif choice == GRAD_CAM:
        digits = (explanation.label, explanation.runner_up)
        # The first call loads TensorFlow, in a process of its own.
        with st.spinner("Computing Grad-CAM; the first time takes several seconds …"):
            heats = {
                digit: grad_cam(keras_process(), card, explanation.frame, digit) for digit in digits
            }
        with st.container(horizontal=True, gap="small"):
            for digit, heat in heats.items():
                _show_map(
                    f"**Grad-CAM for {digit}**",
                    heat_over(explanation.frame, heat, side=side),
                    key=f"{key}_grad_cam_{digit}",
                    name=f"grad_cam_{digit}",
                    side=side,
                    alt=f"The digit; orange marks where a late convolution supports {digit}.",
                )
        show_caption(describe_grad_cam(heats))
    elif choice == SIMILAR:
        answers = (explanation.label, explanation.runner_up)
        similar.show(recognizer, activation_reader(card), explanation.frame, *answers)
    elif choice == BREAK:
        break_it.show(recognizer, explanation.frame, key)
