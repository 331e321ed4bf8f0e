"""How models hold up when digits are corrupted: measured in the background, shown as it comes."""

from collections.abc import Sequence

import cv2
import numpy as np
import streamlit as st

from mnist_core import MnistError, load_mnist
from mnist_core.charts.robustness import corruption_heat_map, sweep_curves
from mnist_core.registry.card import ModelCard
from mnist_core.robustness.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from mnist_core.robustness.measurement import SAMPLE, Robustness, RobustnessJob
from pages.widgets import model_picker
from pages.widgets.charts import camera

FEW, ALL = f"{SAMPLE:,} test images", "All 10,000"
# The page looks so often how far the measurement is, seconds.
_LOOK_EVERY = 1.0
# Test images that show a corruption: the first of some digits that look unlike each other.
_EXAMPLES = (3, 2, 1, 18, 4, 8)


def show(cards: Sequence[ModelCard]) -> None:
    """Robustness of one model or several.

    Args:
        cards: the models', in the order in which they are shown; at least one.
    """
    with st.container(key="robustness"):
        chosen = st.segmented_control(
            "Measured on", [FEW, ALL], default=FEW, required=True, key="robustness_sample"
        )
        try:
            jobs = [_job(*_key(card), 10_000 if chosen == ALL else SAMPLE) for card in cards]
        except MnistError as error:
            st.error(str(error))
            return
        running = any(job.running for job in jobs)
        # Looked at again and again only while something happens.
        st.fragment(run_every=_LOOK_EVERY if running else None)(_watch)(jobs, running)
        _show_examples()


def _key(card: ModelCard) -> tuple[str, str]:
    return card.name, card.digest


@st.cache_resource(show_spinner=False, max_entries=32)
def _job(name: str, digest: str, sample: int) -> RobustnessJob:
    # One for all visitors, however many look; it finds by itself what was measured before.
    from mnist_core.registry.store import load_card

    return RobustnessJob(model_picker.load(load_card(name)), sample)


def _watch(jobs: list[RobustnessJob], looked: bool) -> None:
    running = any(job.running for job in jobs)
    missing = [job for job in jobs if not job.complete]
    with st.container(horizontal=True, vertical_alignment="center", key="robustness_run"):
        if running:
            if st.button("Stop", icon=":material/stop:", key="robustness_stop"):
                for job in jobs:
                    job.stop()
        elif missing:
            begun = any(job.progress for job in missing)
            if st.button(
                "Go on" if begun else "Measure",
                icon=":material/play_arrow:",
                type="primary",
                key="robustness_start",
            ):
                for job in missing:
                    job.start()
                st.rerun()
            st.caption(
                f"75 corrupted and 46 distorted versions of {jobs[0].sample:,} images are read: "
                "some seconds to some minutes, in the background, once for each model."
            )
    for job in jobs:
        if job.running:
            now = "waits for its turn" if job.waiting else f"{job.progress:.0%}"
            st.progress(job.progress, f"{job.recognizer.card.name}: {now}")
        elif job.error:
            st.error(f"{job.recognizer.card.name}: {job.error}")
    if looked and not running:
        st.rerun()  # the last look: the page no longer needs to be renewed
    results = [job.result for job in jobs if job.progress]
    if results:
        _show_results(results)


def _show_results(results: list[Robustness]) -> None:
    tabs = st.tabs([result.name for result in results])
    for tab, result in zip(tabs, results, strict=True):
        with tab:
            if not np.isnan(result.mean):
                st.markdown(
                    f"**{result.mean:.1%}** on average over corruptions and severities, "
                    f"**{result.as_in_the_paper:.1%}** at MNIST-C's own (bold), "
                    f"{result.clean:.1%} on the same images as they were."
                )
            st.plotly_chart(
                corruption_heat_map(result),
                key=f"robustness_heat_{result.name}",
                config=camera(f"corruptions_{result.name}"),
                alt=f"Accuracy of {result.name} under 15 corruptions in five severities.",
            )
    if any(not np.isnan(result.accuracy["rotation"]).all() for result in results):
        st.plotly_chart(
            sweep_curves(results),
            key="robustness_curves",
            config=camera("distortions"),
            alt="Accuracy against rotation, shift, size and noise, a curve for each model.",
        )


@st.fragment
def _show_examples() -> None:
    """What a corruption looks like."""
    name = st.selectbox(
        "What it looks like",
        list(CORRUPTIONS),
        key="robustness_example",
        format_func=lambda name: f"{CORRUPTIONS[name].title}: {CORRUPTIONS[name].summary}",
    )
    images = load_mnist().x_test[list(_EXAMPLES)]
    rows = [
        np.hstack(
            [np.pad(frame, 1, constant_values=90) for frame in corrupt(images, name, severity)]
        )
        for severity in (0, *SEVERITIES)
    ]
    sheet = np.vstack(rows)
    st.image(
        cv2.resize(sheet, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST),
        alt=f"Six digits as they are, and under {CORRUPTIONS[name].title} in five severities.",
    )
    st.caption("From the top: as it is, then severities 1 to 5.")
