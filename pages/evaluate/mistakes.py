"""Which digits are taken for which, and the images themselves, the worst first."""

import cv2
import numpy as np
import streamlit as st

from mnist_core.charts import confusion_matrix
from mnist_core.charts.probabilities import probability_bars
from mnist_core.evaluation.assessment import Assessment
from mnist_core.evaluation.metrics import Evaluation
from pages.widgets import explain, gallery, model_picker
from pages.widgets.charts import camera

ANY = "any"
CHOICES = [ANY, *(str(digit) for digit in range(10))]
RATES, ERRORS, LOG = "Rates", "Errors only", "Log color"
# So many pictures more with each press.
PAGE = 48
# The side of a map of evidence: two fit beside each other, on a phone as well, px.
MAP = 150

STYLE = """
<style>
div:has(> .st-key-mistakes_left) { flex: 5 1 340px; min-width: min(340px, 100%); }
div:has(> .st-key-mistakes_right) { flex: 5 1 340px; min-width: min(340px, 100%); }
.st-key-mistake_shown img { image-rendering: pixelated; }
</style>
"""


@st.fragment
def show(assessment: Assessment) -> None:
    """The matrix and the gallery; a click runs only this part of the page again."""
    st.html(STYLE)
    state = st.session_state
    truth = state.setdefault("mistakes_truth", ANY)
    answer = state.setdefault("mistakes_answer", ANY)
    with st.container(horizontal=True, gap="medium"):
        left = st.container(key="mistakes_left")
        right = st.container(key="mistakes_right")
    with left:
        show_matrix(assessment.evaluation)
    with right:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.selectbox(
                "True digit", CHOICES, key="mistakes_truth", on_change=start_over, width=110
            )
            st.selectbox("Read as", CHOICES, key="mistakes_answer", on_change=start_over, width=110)
        show_images(assessment, truth, answer)


def start_over() -> None:
    """Other images are asked for: none is chosen yet, and no cell of the matrix is marked."""
    state = st.session_state
    state["mistakes_count"] = PAGE
    state["mistakes_chosen"] = None
    state["matrix_version"] = state.get("matrix_version", 0) + 1


def show_matrix(evaluation: Evaluation) -> None:
    """The confusion matrix; a click on a cell asks for its images."""
    state = st.session_state
    how = st.pills(
        "Matrix",
        [RATES, ERRORS, LOG],
        selection_mode="multi",
        default=[LOG],
        key="matrix_how",
        label_visibility="collapsed",
    )
    # A new key, and so a chart without a mark, whenever the images were asked for otherwise.
    key = f"matrix_{state.setdefault('matrix_version', 0)}"

    def take_cell() -> None:
        points = state[key].selection.points
        # The chart loses its mark when it is drawn anew: that is nobody's wish. The boxes go back.
        if not points:
            return
        state["mistakes_truth"] = str(points[0]["y"])
        state["mistakes_answer"] = str(points[0]["x"])
        state["mistakes_count"] = PAGE
        state["mistakes_chosen"] = None

    st.plotly_chart(
        confusion_matrix(evaluation, rates=RATES in how, errors_only=ERRORS in how, log=LOG in how),
        key=key,
        on_select=take_cell,
        selection_mode="points",
        config=camera("confusion_matrix"),
        alt="Confusion matrix: true digits down, answers across. Each cell's images can also be "
        "chosen by the two boxes beside it.",
    )
    st.caption("Click a cell to see its images.")


def show_images(assessment: Assessment, truth: str, answer: str) -> None:
    """The images asked for, the worst first, and one of them in full."""
    state = st.session_state
    evaluation = assessment.evaluation
    indices = asked_for(evaluation, truth, answer)
    st.markdown(f"**{title(len(indices), truth, answer)}**")
    count = state.setdefault("mistakes_count", PAGE)
    shown = [int(index) for index in indices[:count]]
    # The image stays when the model changes; other data have no such image.
    digest, chosen = state.get("mistakes_chosen") or (None, None)
    if digest != assessment.data.digest:
        chosen = None
    with st.container(key="mistake_shown"):
        if chosen is not None:
            show_one(assessment, chosen)
    with st.container(key="mistakes_gallery"):
        picked = gallery.show(
            [
                gallery.Picture(
                    id=index,
                    frame=assessment.data.images[index],
                    caption=f"{evaluation.labels[index]} → {evaluation.answers[index]}\n"
                    f"{evaluation.confidences[index]:.0%}",
                    alt=f"Image {index}: {evaluation.labels[index]}, read as "
                    f"{evaluation.answers[index]}, {evaluation.confidences[index]:.1%} sure.",
                )
                for index in shown
            ],
            chosen,
            key="gallery",
        )
    if picked is not None and picked != chosen:
        state["mistakes_chosen"] = (assessment.data.digest, picked)
        st.rerun(scope="fragment")
    if len(indices) > count and st.button(
        f"Show {min(PAGE, len(indices) - count)} more", icon=":material/expand_more:", key="more"
    ):
        state["mistakes_count"] = count + PAGE
        st.rerun(scope="fragment")


def asked_for(evaluation: Evaluation, truth: str, answer: str) -> np.ndarray:
    """Indices of the images of a cell, the hardest first; of many cells, only the errors."""
    order = evaluation.errors if ANY in (truth, answer) else evaluation.hardest
    if truth != ANY:
        order = order[evaluation.labels[order] == int(truth)]
    if answer != ANY:
        order = order[evaluation.answers[order] == int(answer)]
    return order


def title(count: int, truth: str, answer: str) -> str:
    """What the images are, in words."""
    images = "1 image" if count == 1 else f"{count:,} images"
    if truth == answer == ANY:
        return f"{images} read wrongly, the worst first"
    if ANY not in (truth, answer):
        return f"{images} of {truth} read as {answer}, the hardest first"
    if answer == ANY:
        return f"{images} of {truth} read wrongly, the worst first"
    return f"{images} wrongly read as {answer}, the worst first"


def show_one(assessment: Assessment, index: int) -> None:
    """One image in full."""
    evaluation = assessment.evaluation
    frame, row = assessment.data.images[index], evaluation.probabilities[index]
    truth, answer = int(evaluation.labels[index]), int(evaluation.answers[index])
    with st.container(border=True):
        with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
            st.image(
                cv2.resize(frame, None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST),
                width=112,
                alt=f"Image {index}, 28 by 28 pixels.",
            )
            st.markdown(
                f"**{truth}**, read as **{answer}**  \n{row[answer]:.1%} sure; the true digit has "
                f"{row[truth]:.1%}.  \n:small[Image {index} of {assessment.data.name}]"
            )
        show_explanation(assessment, frame, row)


def show_explanation(assessment: Assessment, frame: np.ndarray, probabilities: np.ndarray) -> None:
    """Why the model answers so.

    Args:
        assessment: whose answer it is.
        frame: (28, 28) uint8, white ink on black.
        probabilities: (10,) float32, what the model made of it.
    """
    st.plotly_chart(
        probability_bars(probabilities),
        key="mistake_bars",
        config=camera("probabilities"),
        alt="Probabilities of the ten digits for this image: "
        + ", ".join(f"{digit} {p:.1%}" for digit, p in enumerate(probabilities)),
    )
    explain.show(model_picker.load(assessment.card), frame, key="mistake", side=MAP)
