"""The confusion matrix, the images of its cells, and one image in detail."""

import numpy as np
import streamlit as st

from mnist_core.charts import confusion_matrix
from mnist_core.charts.captions.evaluation import (
    describe_confusion_matrix,
    describe_probabilities,
)
from mnist_core.charts.probabilities import probability_bars
from mnist_core.evaluation.assessment import Assessment
from mnist_core.evaluation.metrics import Evaluation
from pages.widgets import explain, gallery, model_picker
from pages.widgets.charts import chart, enlarged

ANY = "any"
CHOICES = [ANY, *(str(digit) for digit in range(10))]
RATES, ERRORS, LOG = "Rates", "Errors only", "Log color"
# Images shown at first, and added by each press of "Show more".
PAGE = 48
# Side of an evidence map, px: two fit side by side, even on a phone.
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
    """Show the matrix and the gallery; a click reruns only this part of the page."""
    st.html(STYLE)
    state = st.session_state
    truth = state.setdefault("mistakes_truth", ANY)
    answer = state.setdefault("mistakes_answer", ANY)
    with st.container(horizontal=True, gap="medium"):
        left = st.container(key="mistakes_left")
        right = st.container(key="mistakes_right")
    with left:
        st.header("Confusion matrix")
        show_matrix(assessment.evaluation)
    with right:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            for label, key in (("True digit", "mistakes_truth"), ("Predicted", "mistakes_answer")):
                st.selectbox(
                    label,
                    CHOICES,
                    key=key,
                    persist_state="session",
                    on_change=reset_matrix,
                    width=130,
                    help="Chooses a row or a column of the matrix; *any*: all of them.",
                )
        show_images(assessment, truth, answer)


def reset_images() -> None:
    """Show the first page of other images, none of them in detail."""
    st.session_state.update(mistakes_count=PAGE, mistakes_chosen=None)


def reset_matrix() -> None:
    """Unmark the cell, too: its images are no longer shown."""
    reset_images()
    st.session_state["matrix_version"] += 1


def show_matrix(evaluation: Evaluation) -> None:
    """Show the confusion matrix; a click on a cell selects its images."""
    state = st.session_state
    options = st.pills(
        "Show",
        [RATES, ERRORS, LOG],
        selection_mode="multi",
        default=[LOG],
        key="matrix_how",
        persist_state="session",
        help="*Rates*: shares of the true digit's images instead of counts. *Errors only*: without "
        "the diagonal. *Log color*: single errors stay visible beside thousands.",
    )
    # A new key makes a chart without a marked cell.
    key = f"matrix_{state.setdefault('matrix_version', 0)}"

    def select_cell() -> None:
        points = state[key].selection.points
        # A redrawn chart loses its mark without a click. The select boxes clear a selection.
        if not points:
            return
        state["mistakes_truth"] = str(points[0]["y"])
        state["mistakes_answer"] = str(points[0]["x"])
        reset_images()

    chart(
        confusion_matrix(
            evaluation, rates=RATES in options, errors_only=ERRORS in options, log=LOG in options
        ),
        "confusion_matrix",
        "Confusion matrix: true digits down, predictions across. The two select boxes beside "
        "it choose a cell, too.",
        caption=describe_confusion_matrix(evaluation, rates=RATES in options),
        key=key,
        on_select=select_cell,
        selection_mode="points",
    )
    st.caption("Click a cell to see its images.")


def show_images(assessment: Assessment, truth: str, answer: str) -> None:
    """Show the selected images, and one of them in detail."""
    state = st.session_state
    indices = select_images(assessment.evaluation, truth, answer)
    st.markdown(f"**{title(len(indices), truth, answer)}**")
    if not len(indices):
        st.caption("Choose another cell, or *any* for all errors.")
    count = state.setdefault("mistakes_count", PAGE)
    # The image stays selected when the model changes, but not when the data do.
    digest, chosen = state.get("mistakes_chosen") or (None, None)
    if digest != assessment.data.digest:
        chosen = None
    with st.container(key="mistake_shown"):
        if chosen is not None:
            show_details(assessment, chosen)
    with st.container(key="mistakes_gallery"):
        picked = gallery.show(
            [picture(assessment, index) for index in indices[:count].tolist()],
            chosen,
            key="gallery",
        )
    if picked is not None and picked != chosen:
        state["mistakes_chosen"] = (assessment.data.digest, picked)
        st.rerun(scope="fragment")
    if not assessment.disputed.keys().isdisjoint(indices[:count].tolist()):
        st.caption("With a “?”: five people were asked, and most did not agree with the label.")
    if len(indices) > count and st.button(
        f"Show {min(PAGE, len(indices) - count)} more",
        icon=":material/expand_more:",
        key="more",
        help="Show the next images below these.",
    ):
        state["mistakes_count"] = count + PAGE
        st.rerun(scope="fragment")


def picture(assessment: Assessment, index: int) -> gallery.Picture:
    """One image for the gallery; "?" marks a disputed label."""
    evaluation, disputed = assessment.evaluation, assessment.disputed.get(index)
    truth, answer = evaluation.labels[index], evaluation.predicted[index]
    confidence = evaluation.confidences[index]
    return gallery.Picture(
        id=index,
        frame=assessment.data.images[index],
        caption=f"{truth}{'?' if disputed else ''} → {answer}\n{confidence:.0%}",
        alt=f"Image {index}: {truth}, predicted as {answer}, confidence {confidence:.1%}."
        f"{f' {disputed}' if disputed else ''}",
    )


def select_images(evaluation: Evaluation, truth: str, answer: str) -> np.ndarray:
    """Indices of one cell's images, or of the errors of several cells, the hardest first."""
    order = evaluation.errors if ANY in (truth, answer) else evaluation.hardest
    if truth != ANY:
        order = order[evaluation.labels[order] == int(truth)]
    if answer != ANY:
        order = order[evaluation.predicted[order] == int(answer)]
    return order


def title(count: int, truth: str, answer: str) -> str:
    """The number and kind of the selected images."""
    one_cell = ANY not in (truth, answer)
    noun, of, order = ("image", "of", "hardest") if one_cell else ("error", "on", "worst")
    words = [f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"]
    if truth != ANY:
        words.append(f"{of} {truth}")
    if answer != ANY:
        words.append(f"predicted as {answer}")
    return f"{' '.join(words)}, {order} first"


def show_details(assessment: Assessment, index: int) -> None:
    """Show one image, its ten probabilities and their explanation."""
    evaluation = assessment.evaluation
    frame, probabilities = assessment.data.images[index], evaluation.probabilities[index]
    truth, answer = int(evaluation.labels[index]), int(evaluation.predicted[index])
    with st.container(border=True):
        with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
            st.image(enlarged(frame, 4), width=112, alt=f"Image {index}, 28 by 28 pixels.")
            st.markdown(
                f"**{truth}**, predicted as **{answer}**  \nConfidence {probabilities[answer]:.1%};"
                f" true digit {probabilities[truth]:.1%}.  \n"
                f":small[Image {index} of {assessment.data.name}]"
            )
        if index in assessment.disputed:
            st.caption(str(assessment.disputed[index]))
        chart(
            probability_bars(probabilities),
            "probabilities",
            "Probabilities of the ten digits for this image: "
            + ", ".join(f"{digit} {p:.1%}" for digit, p in enumerate(probabilities)),
            caption=describe_probabilities(probabilities),
            key="mistake_bars",
        )
        explain.show(model_picker.load(assessment.card), frame, key="mistake", side=MAP)
