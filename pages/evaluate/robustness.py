"""Accuracy on corrupted and distorted digits, measured in the background, shown as it arrives."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from mnist_core import load_mnist
from mnist_core.charts.robustness import corruption_heat_map, sweep_curves
from mnist_core.registry.card import ModelCard
from mnist_core.registry.store import load_card
from mnist_core.robustness.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from mnist_core.robustness.measurement import SAMPLE, RobustnessJob
from mnist_core.robustness.result import Robustness
from pages.widgets import model_picker
from pages.widgets.charts import chart, enlarged
from pages.widgets.show_errors import plain, show_errors

SOME, ALL = f"{SAMPLE:,} test images", "All 10,000"
# How often the page looks at the progress, s.
_REFRESH = 1.0
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
        running = any(job.running for job in jobs)
        st.fragment(run_every=_REFRESH if running else None)(_watch)(jobs, running)
        _show_examples()


@st.cache_resource(show_spinner=False, max_entries=32)
def _job(name: str, digest: str, sample: int) -> RobustnessJob:
    # Shared by all visitors; it loads what was measured before.
    return RobustnessJob(model_picker.load(load_card(name)), sample)


def _watch(jobs: list[RobustnessJob], refreshing: bool) -> None:
    running = any(job.running for job in jobs)
    with st.container(horizontal=True, vertical_alignment="center", key="robustness_run"):
        _show_buttons(jobs, running)
    for job in jobs:
        name = job.recognizer.card.name
        if job.running:
            text = "waiting for another measurement" if job.waiting else f"{job.progress:.0%}"
            st.progress(job.progress, f"{name}: {text}")
        elif job.error:
            st.error(plain(f"{name}: {job.error}"))
    if refreshing and not running:
        st.rerun()  # stops the refreshing
    results = [job.result for job in jobs if job.progress]
    if results:
        _show_results(results)


def _show_buttons(jobs: list[RobustnessJob], running: bool) -> None:
    missing = [job for job in jobs if not job.complete]
    if running:
        if st.button(
            "Stop",
            icon=":material/stop:",
            key="robustness_stop",
            help="What has been measured is kept.",
        ):
            for job in jobs:
                job.stop()
    elif missing:
        label = "Resume" if any(job.progress for job in missing) else "Measure"
        icon = ":material/play_arrow:"
        if st.button(
            label,
            icon=icon,
            type="primary",
            key="robustness_start",
            help="Runs in the background; the results are kept for later visits.",
        ):
            for job in missing:
                job.start()
            st.rerun()
        st.caption(
            f"75 corrupted and 46 distorted versions of {jobs[0].sample:,} images, classified in "
            "the background: some seconds to some minutes, once per model."
        )


def _show_results(results: list[Robustness]) -> None:
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
            )
    if any(not np.isnan(result.accuracy["rotation"]).all() for result in results):
        chart(
            sweep_curves(results),
            "distortions",
            "Accuracy against rotation, shift, size and noise, a curve for each model.",
        )


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
