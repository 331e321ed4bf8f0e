"""Accuracy on corrupted and distorted digits, measured in the background, shown as it arrives."""

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from mnist_core import load_mnist
from mnist_core.charts.captions.robustness import describe_corruptions, describe_sweeps
from mnist_core.charts.robustness import corruption_heat_map, sweep_curves
from mnist_core.evaluation.datasets import mnist_test
from mnist_core.explanation.keras_process import keras_process
from mnist_core.networks.packages import tensorflow_problem
from mnist_core.perturbations.measurement import (
    STATED,
    AccuracyCurve,
    PerturbationJob,
    attack_job,
)
from mnist_core.registry.card import ModelCard
from mnist_core.registry.store import load_card
from mnist_core.robustness.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from mnist_core.robustness.measurement import SAMPLE, RobustnessJob
from mnist_core.robustness.result import Robustness
from pages.evaluate.jobs import watch
from pages.widgets import model_picker
from pages.widgets.charts import chart, enlarged
from pages.widgets.show_errors import plain, show_errors

SOME, ALL = f"{SAMPLE:,} test images", "All 10,000"
# Test images that show a corruption: the first of some digits of different shapes.
_EXAMPLES = (3, 2, 1, 18, 4, 8)


def show(cards: Sequence[ModelCard]) -> None:
    """Show the robustness of at least one model."""
    with st.container(key="robustness"), show_errors():
        st.header("Robustness")
        chosen = st.segmented_control(
            "Measure on",
            [SOME, ALL],
            default=SOME,
            required=True,
            key="robustness_sample",
            persist_state="session",
            help="All images take ten times as long; the intervals are a third as wide.",
        )
        sample = 10_000 if chosen == ALL else SAMPLE
        jobs = [_job(card.name, card.digest, sample) for card in cards]
        watch(
            {job.recognizer.card.name: job for job in jobs},
            lambda: _show_results([job.result for job in jobs if job.progress]),
            f"75 corrupted and 46 distorted versions of {sample:,} images, classified in the "
            "background: some seconds to some minutes, once per model.",
            "robustness",
        )
        _show_examples()
        _show_attacks(cards)


@st.cache_resource(show_spinner=False, max_entries=32)
def _job(name: str, digest: str, sample: int) -> RobustnessJob:
    # Shared by all visitors; it loads what was measured before.
    return RobustnessJob(model_picker.load(load_card(name)), sample)


def _show_results(results: list[Robustness]) -> None:
    if not results:
        return
    tabs = st.tabs([result.name for result in results])
    for tab, result in zip(tabs, results, strict=True):
        with tab:
            if not np.isnan(result.mean):
                st.markdown(
                    f"Mean accuracy **{result.mean:.1%}** over all corruptions and severities, "
                    f"**{result.mnist_c_accuracy:.1%}** at MNIST-C's own severities (bold), "
                    f"{result.clean:.1%} on the clean images."
                )
            chart(
                corruption_heat_map(result),
                f"corruptions_{result.name}",
                f"Accuracy of {result.name} under 15 corruptions at five severities.",
                caption=describe_corruptions(result),
            )
    if any(not np.isnan(result.accuracy["rotation"]).all() for result in results):
        chart(
            sweep_curves(results),
            "distortions",
            "Accuracy against rotation, shift, size and noise, a curve for each model.",
            caption=describe_sweeps(results),
        )


def _show_attacks(cards: Sequence[ModelCard]) -> None:
    """Show robust accuracy: that under attacks on the pixels."""
    st.subheader("Robust accuracy")
    if problem := tensorflow_problem("An attack"):
        st.info(plain(problem))
        return
    jobs = {card.name: _attack_job(card.name, card.digest) for card in cards}
    sample = max(job.sample for job in jobs.values())
    watch(
        dict(jobs),
        lambda: show_robust_accuracy({name: job.curves for name, job in jobs.items()}),
        f"FGSM and PGD on {sample:,} test images, in the background: some seconds to some "
        "minutes. *Break it* measures more.",
        "attacks",
    )


def show_robust_accuracy(curves: Mapping[str, Mapping[str, AccuracyCurve]]) -> None:
    """Show the accuracy of each model at three epsilons, as far as it is measured."""
    rows = [
        {
            "Model": name,
            "Attack": row,
            "No attack": 100 * curve.accuracy[0],
            **{f"ε = {epsilon:g}": 100 * curve.at(epsilon) for epsilon in STATED},
            "Images": curve.images,
        }
        for name, measured in curves.items()
        for row, curve in measured.items()
    ]
    if not rows:
        return
    percentages = [column for column in rows[0] if column not in ("Model", "Attack", "Images")]
    st.dataframe(
        rows,
        column_config=dict.fromkeys(percentages, st.column_config.NumberColumn(format="%.1f%%")),
        hide_index=True,
        key="robust_accuracy",
    )
    st.caption(
        "Accuracy where each pixel may change by up to ε, a fraction of the range from black to "
        "white, in the direction that misleads the network most (FGSM: Goodfellow et al., 2015; "
        "PGD: Madry et al., 2018). A stronger attack can only lower it."
    )


@st.cache_resource(show_spinner=False, max_entries=32)
def _attack_job(name: str, digest: str) -> PerturbationJob:
    return attack_job(keras_process(), model_picker.load(load_card(name)), mnist_test())


@st.fragment
def _show_examples() -> None:
    name = st.selectbox(
        "Corruption examples",
        list(CORRUPTIONS),
        key="robustness_example",
        persist_state="session",
        help="Shows what a corruption does to six test images.",
        format_func=lambda name: f"{CORRUPTIONS[name].title}: {CORRUPTIONS[name].summary}",
    )
    images = load_mnist().x_test[list(_EXAMPLES)]
    rows = [
        np.hstack(
            [np.pad(frame, 1, constant_values=90) for frame in corrupt(images, name, severity)]
        )
        for severity in (0, *SEVERITIES)
    ]
    st.image(
        enlarged(np.vstack(rows), 2),
        alt=f"Six digits: the originals, and {CORRUPTIONS[name].title} at five severities.",
    )
    st.caption("From the top: original, severities 1 to 5.")
