"""Measurements in the background: their buttons and progress."""

from collections.abc import Callable, Sequence

import streamlit as st

from mnist_core.robustness.job import Job
from pages.widgets.show_errors import plain

# How often the page looks at the progress, s.
_REFRESH = 1.0


def watch(jobs: dict[str, Job], show_results: Callable[[], None], note: str, key: str) -> None:
    """Show buttons, progress, and the results so far, while any job runs again and again.

    Args:
        jobs: name of each model -> its job.
        show_results: called below the progress.
        note: what is measured and how long it takes, shown beside the button.
        key: of the elements.
    """
    running = any(job.running for job in jobs.values())
    fragment = st.fragment(run_every=_REFRESH if running else None)
    fragment(_watch)(jobs, show_results, note, key, running)


def _watch(
    jobs: dict[str, Job],
    show_results: Callable[[], None],
    note: str,
    key: str,
    refreshing: bool,
) -> None:
    running = any(job.running for job in jobs.values())
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}_run"):
        _show_buttons(list(jobs.values()), note, key, running)
    for name, job in jobs.items():
        if job.running:
            text = "waiting for another measurement" if job.waiting else f"{job.progress:.0%}"
            st.progress(job.progress, f"{plain(name)}: {text}")
        elif job.error:
            st.error(plain(f"{name}: {job.error}"))
    if refreshing and not running:
        st.rerun()  # stops the refreshing
    show_results()


def _show_buttons(jobs: Sequence[Job], note: str, key: str, running: bool) -> None:
    missing = [job for job in jobs if not job.complete]
    if running:
        if st.button(
            "Stop",
            icon=":material/stop:",
            key=f"{key}_stop",
            help="What has been measured is kept.",
        ):
            for job in jobs:
                job.stop()
    elif missing:
        if st.button(
            "Resume" if any(job.progress for job in missing) else "Measure",
            icon=":material/play_arrow:",
            type="primary",
            key=f"{key}_start",
            help="Runs in the background; the results are kept for later visits.",
        ):
            for job in missing:
                job.start()
            st.rerun()
        st.caption(note)
