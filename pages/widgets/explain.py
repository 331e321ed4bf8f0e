"""Why a digit was read as it was: evidence for the answer and the runner-up, and a look inside."""

import numpy as np
import streamlit as st

from mnist_core import Digit, MnistError, Recognizer
from mnist_core.charts.explanation import evidence_map, heat_over, layer_tiles, perturbation_image
from mnist_core.explanation.activations import ActivationReader, open_activations
from mnist_core.explanation.grad_cam import GradCam
from mnist_core.explanation.occlusion import Explanation, explain
from mnist_core.registry.card import ModelCard
from pages.widgets.charts import camera

LAYERS, GRAD_CAM = "Its layers", "Grad-CAM"
HELP = (
    "Patches of 4 by 4 pixels were wiped clean and filled with ink, one at a time, and the network "
    "was asked again each time. **Blue** is what speaks for the digit, ink and empty paper alike; "
    "**orange** speaks against it. Hover for numbers: at +1, changing the place makes the digit's "
    "odds ten times worse."
)
# The side of a map: two fit beside each other in a dialog, px.
SIDE = 220


@st.fragment
def show(
    recognizer: Recognizer, digit_or_frame: Digit | np.ndarray, key: str, side: int = SIDE
) -> None:
    """Why this image gets its answer.

    Args:
        recognizer: the model that reads.
        digit_or_frame: a digit that was read, or a (28, 28) uint8 frame.
        key: tells its elements from those of other digits on the page.
        side: of each map, px; two stand beside each other where there is room for them.
    """
    frame = digit_or_frame.frame if isinstance(digit_or_frame, Digit) else digit_or_frame
    with st.container(key=f"why_{key}"):
        try:
            explanation = _explain(_digest(recognizer.card), frame.tobytes(), recognizer)
            _show_evidence(explanation, key, side)
            _show_change(explanation)
            _show_inside(recognizer, explanation, key, side)
        except MnistError as error:
            st.error(str(error))


def _digest(card: ModelCard) -> str:
    return f"{card.name} {card.digest}"


@st.cache_resource(show_spinner=False, max_entries=100)
def _explain(digest: str, pixels: bytes, _recognizer: Recognizer) -> Explanation:
    # A page runs again at every click; the same digit is not asked about again.
    frame = np.frombuffer(pixels, np.uint8).reshape(28, 28)
    return explain(_recognizer.classify, frame)


@st.cache_resource(show_spinner=False, max_entries=16)
def inside(digest: str, _card: ModelCard) -> ActivationReader:
    """A look into a model, opened once for all visitors; the digest is there for the cache."""
    return open_activations(_card)


@st.cache_resource(show_spinner=False)
def _grad_cam() -> GradCam:
    # One process for all visitors: it holds TensorFlow, which is large.
    return GradCam()


def _show_evidence(explanation: Explanation, key: str, side: int) -> None:
    """The winner's and the runner-up's evidence, side by side where there is room."""
    with st.container(horizontal=True, gap="small"):
        for place, digit in enumerate((explanation.label, explanation.runner_up)):
            with st.container(width=side, gap="small"):
                share = f"{explanation.probabilities[digit]:.1%}"
                title = f"**What speaks for {digit}**"
                st.markdown(
                    f"{title}  \n:small[{'the answer' if not place else 'the runner-up'}, {share}]"
                )
                st.plotly_chart(
                    evidence_map(
                        explanation.frame,
                        explanation.evidence[digit],
                        limit=explanation.limit,
                        side=side,
                    ),
                    width=side,
                    key=f"{key}_evidence_{place}",
                    config=camera(f"evidence_for_{digit}"),
                    alt=f"The digit; blue lies over what speaks for {digit}, orange against it.",
                )
    st.caption(":small[:blue[■] for · :orange[■] against]", help=HELP)


def _show_change(explanation: Explanation) -> None:
    """The smallest change that makes another digit of it, or comes nearest to that."""
    change = explanation.nearest
    done = "wiped clean" if change.kind == "erased" else "filled with ink"
    sure = f"{change.label} ({change.probabilities.max():.1%})"
    if change.label != explanation.label:
        said = f"With this patch {done} it reads {sure}."
    else:
        said = f"No single patch does. With this one {done} it is least sure: {sure}."
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.image(
            perturbation_image(change, factor=8),
            width=112,
            alt=f"The digit with one patch {done}; an orange frame is around it.",
        )
        st.markdown(f"**What would change its mind**  \n:small[{said}]")


def _show_inside(recognizer: Recognizer, explanation: Explanation, key: str, side: int) -> None:
    """Layers and Grad-CAM, when they are asked for."""
    wish = st.segmented_control("Look inside", [LAYERS, GRAD_CAM], key=f"{key}_inside")
    card = recognizer.card
    if wish == LAYERS:
        st.caption("What each layer makes of the digit, from the first to the ten answers.")
        for layer in inside(_digest(card), card).layers(explanation.frame):
            size = " x ".join(str(length) for length in layer.values.shape)
            looks = f" ({layer.window} x {layer.window})" if layer.window else ""
            st.image(
                layer_tiles(layer),
                caption=f"{layer.name}{looks}: {size}",
                width="stretch",
                alt=f"What {layer.name} made of the digit: {size} values, dark to bright.",
            )
    elif wish == GRAD_CAM:
        digits = (explanation.label, explanation.runner_up)
        # The first time it takes as long as TensorFlow takes to load, in a process of its own.
        with st.spinner("Working out where it looked; the first time takes some seconds …"):
            heats = [_grad_cam().map(card, explanation.frame, digit) for digit in digits]
        with st.container(horizontal=True, gap="small"):
            for digit, heat in zip(digits, heats, strict=True):
                with st.container(width=side, gap="small"):
                    st.markdown(f"**Where it saw {digit}**")
                    st.plotly_chart(
                        heat_over(explanation.frame, heat, side=side),
                        width=side,
                        key=f"{key}_grad_cam_{digit}",
                        config=camera(f"grad_cam_{digit}"),
                        alt=f"The digit; orange lies where a late convolution saw {digit}.",
                    )
        st.caption(
            "What a late convolution held for the answer and for the runner-up (Grad-CAM, "
            "Selvaraju et al., 2017). A map without orange: nothing there spoke for that digit."
        )
