"""Breaks a network on purpose: its accuracy under attacks and with changed weights."""

import streamlit as st

from mnist_core.charts.captions.perturbations import (
    describe_attacked_accuracy,
    describe_changed_weights_accuracy,
    describe_missing_parts_accuracy,
)
from mnist_core.charts.perturbations import accuracy_curves, part_bars
from mnist_core.evaluation.assessment import Assessment
from mnist_core.evaluation.labelled_images import LabelledImages
from mnist_core.explanation.keras_process import keras_process
from mnist_core.networks.packages import tensorflow_problem
from mnist_core.perturbations.attacks import ATTACKS
from mnist_core.perturbations.measurement import (
    SAMPLE,
    SAMPLES,
    AccuracyCurve,
    PerturbationJob,
)
from mnist_core.registry.card import ModelCard
from pages.evaluate.data import is_private
from pages.evaluate.jobs import watch
from pages.widgets import model_picker
from pages.widgets.charts import chart
from pages.widgets.show_errors import plain, show_errors

WEIGHTS = {"noise": "Noise on the weights", "bits": "Fewer bits for each weight"}


@st.fragment
def show(selected: Assessment) -> None:
    """Show the measurements of a model; nothing is computed before the button is pressed."""
    with st.container(key="break_it"), show_errors():
        st.header("Break it")
        if problem := tensorflow_problem("Breaking a network"):
            st.info(plain(problem))
            return
        total = len(selected.data.labels)
        samples = [sample for sample in SAMPLES if sample < total] or [total]
        sample = st.segmented_control(
            "Images",
            samples,
            default=SAMPLE if SAMPLE in samples else samples[-1],
            required=True,
            format_func="{:,}".format,
            key=f"break_sample_{len(samples)}",
            persist_state="session",
            help=f"A random part of the {total:,} images of {plain(selected.data.name)}, the same "
            "for all models. More images take longer; the intervals become narrower.",
        )
        find = _private_job if is_private(selected.data) else _job
        card, data = selected.card, selected.data
        job = find(card.name, (card.digest, data.digest), sample, card, data)
        watch(
            {card.name: job},
            lambda: _show_results(job.curves),
            f"Attacks on the pixels of {sample:,} of {total:,} images, and changes of the weights, "
            "computed in the background: some seconds to some minutes, once per model. Single "
            "images: choose one under *Confusion matrix*, then *Break it*.",
            "break",
        )


@st.cache_resource(show_spinner=False, max_entries=16)
def _job(
    name: str, digests: tuple[str, ...], sample: int, _card: ModelCard, _data: LabelledImages
) -> PerturbationJob:
    return PerturbationJob(keras_process(), model_picker.load(_card), _data, sample)


@st.cache_resource(show_spinner=False, max_entries=4, scope="session")
def _private_job(
    name: str, digests: tuple[str, ...], sample: int, _card: ModelCard, _data: LabelledImages
) -> PerturbationJob:
    return PerturbationJob(keras_process(), model_picker.load(_card), _data, sample)


def _show_results(curves: dict[str, AccuracyCurve]) -> None:
    if attacks := {row: curves[row] for row in ATTACKS if row in curves}:
        st.subheader("Attacks on the pixels")
        chart(
            accuracy_curves(attacks),
            "attacks",
            "Accuracy against the strength of each attack.",
            caption=describe_attacked_accuracy(attacks),
        )
    for row, title in WEIGHTS.items():
        if row in curves:
            st.subheader(title)
            chart(
                accuracy_curves({title: curves[row]}),
                f"break_{row}",
                "Accuracy against the change of the weights.",
                caption=describe_changed_weights_accuracy(curves[row]),
            )
    if "off" in curves and "noise" in curves:
        st.subheader("A layer or branch switched off")
        # The first level of the noise is none.
        curve, complete = curves["off"], float(curves["noise"].accuracy[0])
        chart(
            part_bars([str(part) for part in curve.levels], curve.accuracy, complete, "accuracy"),
            "break_off",
            "Accuracy without each layer or branch.",
            caption=describe_missing_parts_accuracy(curve, complete),
        )
    if curves:
        st.caption(
            "Attacks: FGSM (Goodfellow et al., 2015) and PGD with 20 steps (Madry et al., 2018), "
            "with gradients of the Keras model; the model's answers are those on all pages. A "
            "stronger attack can only find more. "
            "Changed weights: answers of the Keras model, in 32 bits."
        )
